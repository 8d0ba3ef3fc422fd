// Loads the plugin that the argument names, and has it leak a block.
package main

import (
	"fmt"
	"os"
	"plugin"
)

//go:noinline
func use(leak func()) {
	leak()
}

func main() {
	library, err := plugin.Open(os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	leak, err := library.Lookup("Leak")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	use(leak.(func()))
}
