// Which functions were inlined at an address.
#pragma once

#include <elfutils/libdw.h>
#include <stddef.h>
#include <stdint.h>

// Writes the inlined instances inside function that hold the address, outermost first, at most max. Returns
// how many.
size_t inlines_find(Dwarf_Die *function, uint64_t address, Dwarf_Die *out, size_t max);
