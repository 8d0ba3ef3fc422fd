// Small questions to DIEs, with the guards that corrupt files call for. Called by units.c and inlines.c.
#include "analyzer/symbols/dies.h"

#include <dwarf.h>

// A range list that never ends could only be a bug of the reader's; the limit makes that bug harmless.
enum { MOST_RANGES = 1 << 20 };

size_t die_add_ranges(Dwarf_Die *die, const struct range_map *code, struct range_map *out, uint32_t value) {
    Dwarf_Addr base, start, end;
    ptrdiff_t at = 0;
    size_t added = 0;
    for (size_t i = 0; i < MOST_RANGES && (at = dwarf_ranges(die, at, &base, &start, &end)) > 0; i++) {
        uint32_t section;
        if (start >= end || range_map_find(code, start, &section, 1) == 0)
            continue;
        range_map_add(out, start, end, value);
        added++;
    }
    return added;
}

bool die_next(Dwarf_Die *die, Dwarf_Die *next) {
    Dwarf_Die found;
    if (dwarf_siblingof(die, &found) != 0 || (char *)found.addr <= (char *)die->addr)
        return false;
    *next = found;
    return true;
}

static const char *string_of(Dwarf_Die *die, unsigned attribute) {
    Dwarf_Attribute found;
    return dwarf_formstring(dwarf_attr_integrate(die, attribute, &found));
}

const char *die_linkage_name(Dwarf_Die *die) {
    const char *name = string_of(die, DW_AT_linkage_name);
    return name ? name : string_of(die, DW_AT_MIPS_linkage_name);
}

const char *die_plain_name(Dwarf_Die *die) {
    return string_of(die, DW_AT_name);
}
