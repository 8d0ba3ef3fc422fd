// Small questions to debugging information entries (DIEs), asked in several places.
#pragma once

#include "analyzer/symbols/range_map.h"

#include <elfutils/libdw.h>
#include <stdbool.h>

// How deep entries may nest before we stop descending; compilers stay far below, hostile files may not.
enum { DEEPEST_DIE = 200 };

// Adds the entry's code ranges under the given value, as far as they begin in the object's code: linkers
// leave functions that they dropped at address 0 or thereabouts. Returns how many were added.
size_t die_add_ranges(Dwarf_Die *die, const struct range_map *code, struct range_map *out, uint32_t value);

// The next entry on the same level in *next; false at the end, also where a corrupt file would lead
// backwards.
bool die_next(Dwarf_Die *die, Dwarf_Die *next);

// The linkage name, also of the declaration or abstract instance that the entry refers to; NULL: none.
const char *die_linkage_name(Dwarf_Die *die);
// The same for the plain name.
const char *die_plain_name(Dwarf_Die *die);
