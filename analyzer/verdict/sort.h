// Sorting millions of blocks by address, in time linear in their number.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct sort_entry {
    uint64_t address;
    uint32_t number; // goes along
};

// Ascending by address; entries of one address keep their order. Aborts when memory runs out.
void sort_by_address(struct sort_entry *entries, size_t count);
