// Only Go: the toolchain makes a static program of it, unless it is told to link as for C.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("done")
	os.Exit(3)
}
