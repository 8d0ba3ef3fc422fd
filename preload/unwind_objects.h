// The loaded objects that frame rules were derived from, so that rules can be forgotten with their code. All
// under the gate.
#pragma once

#include <dlfcn.h>

// Remembers an object, before its first rule goes into the table.
void unwind_objects_note(const struct dl_find_object *found);

// Removes the rules of objects that are gone, also where another object took the place meanwhile.
void unwind_objects_forget(void);
