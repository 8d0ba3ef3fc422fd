// Source positions: of an address, by the line table, and of a call that was inlined.
#pragma once

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

struct position {
    const char *file; // libdw's, valid as long as the Dwarf is; NULL: not known
    uint32_t line;    // 0: not known
};

// Where the instruction at address comes from, by the line table of the unit whose entry is given. false: not
// in it.
bool lines_find(Dwarf_Die *unit, uint64_t address, struct position *out);

// Where the code of an inlined function was called: the call file and line of its entry.
struct position lines_call_site(Dwarf_Die *inlined);
