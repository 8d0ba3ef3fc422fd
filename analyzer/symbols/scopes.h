// In which namespaces, types and functions an entry of a unit stands: DWARF's entries don't know their
// parents.
#pragma once

#include <elfutils/libdw.h>
#include <stddef.h>
#include <stdint.h>

#define SCOPE_NONE UINT32_MAX

struct scope {
    Dwarf_Die die;
    uintptr_t end;   // where the entry behind it begins; 0: it is its parent's last, and ends where that ends
    uint32_t parent; // number in the list, below its own; SCOPE_NONE: the unit
};

struct scopes {
    struct scope *list; // in the order of the file
    size_t count, room;
};

// Zero-initialise to create. To be called in the order of the file; returns the scope's number.
uint32_t scopes_add(struct scopes *scopes, const Dwarf_Die *die, uint32_t parent);
// Says which entry follows behind the scope and all that is in it.
void scopes_end(struct scopes *scopes, uint32_t number, const Dwarf_Die *next);
void scopes_free(struct scopes *scopes);

// The innermost scope around an entry of the same unit (not the entry itself); SCOPE_NONE: the unit.
uint32_t scopes_around(const struct scopes *scopes, const Dwarf_Die *die);
