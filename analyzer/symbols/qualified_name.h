// Names of C++ functions that have no linkage name: gcc leaves it out where only one file can call them
// (unnamed namespaces, static functions, local classes), and where the code is inlined no symbol has it.
#pragma once

#include "analyzer/symbols/units.h"

struct arena;

// The function's plain name, in C++ with the namespaces, types and functions around its declaration, written
// as demanglers write them but without parameters: "(anonymous namespace)::Keeper::keep". NULL: it has none.
// Owned by arena or libdw.
const char *qualified_name(struct units *units, Dwarf_Die *function, struct arena *arena);
