// See scopes.h. Filled and asked by units.c.
#include "analyzer/symbols/scopes.h"

#include "analyzer/vector.h"

#include <stdbool.h>
#include <stdlib.h>

uint32_t scopes_add(struct scopes *scopes, const Dwarf_Die *die, uint32_t parent) {
    if (scopes->count == SCOPE_NONE)
        return parent;
    *VECTOR_PUSH(scopes->list, scopes->count, scopes->room) = (struct scope){.die = *die, .parent = parent};
    return (uint32_t)(scopes->count - 1);
}

void scopes_end(struct scopes *scopes, uint32_t number, const Dwarf_Die *next) {
    scopes->list[number].end = (uintptr_t)next->addr;
}

void scopes_free(struct scopes *scopes) {
    free(scopes->list);
}

static bool ends_behind(const struct scopes *scopes, uint32_t number, uintptr_t at) {
    for (; number != SCOPE_NONE; number = scopes->list[number].parent)
        if (scopes->list[number].end)
            return at < scopes->list[number].end;
    return true;
}

uint32_t scopes_around(const struct scopes *scopes, const Dwarf_Die *die) {
    uintptr_t at = (uintptr_t)die->addr;
    size_t low = 0, high = scopes->count; // the scopes below low begin before the entry
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((uintptr_t)scopes->list[middle].die.addr < at)
            low = middle + 1;
        else
            high = middle;
    }
    uint32_t number = low ? (uint32_t)(low - 1) : SCOPE_NONE;
    while (number != SCOPE_NONE && !ends_behind(scopes, number, at))
        number = scopes->list[number].parent;
    return number;
}
