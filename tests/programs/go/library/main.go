// A Go library: built for C programs that load it, and as a plugin of Go programs. Leaks one block of 1,000 bytes in C.
package main

/*
#include <stdlib.h>
static __attribute__((noinline)) void *leak_in_library(size_t bytes) {
	void *volatile block = malloc(bytes);
	return block;
}
*/
import "C"

//go:noinline
func leak() {
	C.leak_in_library(1000)
}

//export LeakForC
func LeakForC() {
	leak()
}

// Leak is what Go programs look up.
func Leak() {
	leak()
}

func main() {}
