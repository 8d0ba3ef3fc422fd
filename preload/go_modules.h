// The Go code among the loaded objects: where each Go program's or library's own table of functions
// (wire/go_table.h) lies in memory. A process may hold several: a Go program and its plugins, or Go libraries
// in a C program.
#pragma once

#include "preload/wire/go_table.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

// The table whose text an address of the object lies in, or NULL: not Go's, or a table of a version that is
// not known. Under the gate (unwind_gate.h): an object is searched when it is first asked about.
const struct go_table *go_modules_table(uintptr_t address, const struct dl_find_object *found);

// Does the address lie in Go text that go_modules_table has found? Lock-free, async-signal-safe.
bool go_modules_have(uintptr_t address);

// Forgets objects that are gone. Under the gate.
void go_modules_forget(void);
