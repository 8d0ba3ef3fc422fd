// Package inventory wraps the C library above.
package inventory

// #cgo CFLAGS: -O2 -g
// #include <stdlib.h>
// #include "../inventory.h"
import "C"

import "unsafe"

// Replaces puts two names into one place, and the second one stays.
func Replaces() string {
	var inventory C.struct_inventory
	for _, name := range []string{"nut", "bolt"} {
		text := C.CString(name)
		C.inventory_add(&inventory, 3, text)
		C.free(unsafe.Pointer(text))
	}
	defer C.inventory_clear(&inventory)
	return C.GoString(inventory.names[3])
}
