// Asks C's resolver for localhost. Only the standard library uses cgo here, so Go links the program itself and leaves the unwind
// information of C functions out. What libc's resolver keeps is still there at the end.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
)

func main() {
	os.Setenv("SEEP_TEST", "kept by libc")
	_, err := (&net.Resolver{}).LookupHost(context.Background(), "localhost")
	fmt.Println("done", err == nil)
}
