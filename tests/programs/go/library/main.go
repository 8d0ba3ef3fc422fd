// A Go library: built for C programs that load it, and as a plugin of Go programs. Leaks one block of 1,000 bytes in C; holds
// one of 700, and loses 100 of 300.
package main

/*
#include <stdlib.h>
static __attribute__((noinline)) void *leak_in_library(size_t bytes) {
	void *volatile block = malloc(bytes);
	return block;
}
static __attribute__((noinline)) void lose_in_library(void) {
	volatile char below[1 << 15]; // so that no later frame has an old word of it
	below[0] = 0;
	void *volatile block = malloc(300);
	block = NULL;
}
*/
import "C"

import "unsafe"

var held unsafe.Pointer

//go:noinline
func leak() {
	C.leak_in_library(1000)
}

//export LeakForC
func LeakForC() {
	leak()
}

//export HoldForC
func HoldForC() {
	held = C.malloc(700)
}

//export LoseForC
func LoseForC() {
	for i := 0; i < 100; i++ {
		C.lose_in_library()
	}
}

// Leak is what Go programs look up.
func Leak() {
	leak()
}

func main() {}
