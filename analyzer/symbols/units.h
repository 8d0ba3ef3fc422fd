// Which compilation unit of an object an address belongs to, and which of its functions: our own map, because
// the section made for it, .debug_aranges, is not written by clang and rustc.
#pragma once

#include "analyzer/symbols/range_map.h"
#include "analyzer/symbols/scopes.h"

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unit {
    Dwarf_Die lines;      // the unit's entry in the object: has the line table
    Dwarf_Die functions;  // the unit's entry with the functions: the same, or that of the split file (.dwo)
    bool opened;          // the fields below are filled
    bool split_missing;   // functions stand in a split file that was not found; .functions is .lines
    bool ranges_known;    // the unit said where its code is
    struct range_map map; // addresses to numbers in dies
    Dwarf_Die *dies;      // functions with code
    size_t die_count, die_room;
    struct scopes scopes; // what functions may stand in
};

struct units {
    struct unit *units;
    size_t count, room;
    size_t last_asked;    // number of the unit whose scopes were asked for last
    struct range_map map; // addresses to numbers in units
    const struct range_map *code;
    bool complete; // units that don't say where their code is have been looked into
};

// Reads every unit's own ranges, nothing else. code: sealed, kept; both it and dwarf must live as long as
// *out.
void units_open(Dwarf *dwarf, const struct range_map *code, struct units *out);
void units_close(struct units *units);

// The units that claim the address, the innermost range first; at most max. The function maps of those
// returned are filled.
size_t units_find(struct units *units, uint64_t address, struct unit **out, size_t max);

// The function of the unit that holds the address, in *out; false if none does.
bool unit_find_function(const struct unit *unit, uint64_t address, Dwarf_Die *out);

// The scopes of the unit that the entry stands in, which is opened if need be; NULL: it is none of them.
const struct scopes *units_scopes(struct units *units, const Dwarf_Die *die);
