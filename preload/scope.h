// Finding a function as the loader would for code of a library that dlopen loaded, without the loader's
// locks: a thread may hold those and wait for ours (a constructor that starts a thread).
#pragma once

#include <link.h>

// The function that a reference from this object means: its definition in the only object after ourselves
// that has one. If several have: in the first among those that the object needs, directly or not, with which
// caller was loaded (the first loaded that needs caller; caller itself, if it was opened for its own sake),
// itself first, breadth first; else in the first loaded. caller may be NULL. NULL: nobody defines it. *where
// is the object.
void *scope_find(const struct link_map *caller, const char *name, const struct link_map **where);
