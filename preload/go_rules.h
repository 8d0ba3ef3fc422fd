// Frame rules of Go code, from the table of functions that every Go object carries. docs/go.md has the
// picture.
#pragma once

#include "preload/frame_rules.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

// The rule of an address that no unwind information covers, if it lies in Go code. False, and *rule
// unchanged, if it doesn't. Under the gate.
bool go_rule(uintptr_t address, const struct dl_find_object *found, struct frame_rule *rule);
