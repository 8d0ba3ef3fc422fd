// The analyzer's hash table: 64-bit keys to 32-bit values, open addressing. For anything that is grouped or
// numbered.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct table {
    struct table_cell {
        uint64_t key;
        uint32_t value;
        uint32_t used;
    } * cells;
    size_t count, room; // room is a power of two or 0
};

// The value of key, inserted with `fresh` if it is new (*added, if not NULL, tells). The pointer is good
// until the next call. Aborts when memory runs out.
uint32_t *table_at(struct table *table, uint64_t key, uint32_t fresh, int *added);
void table_free(struct table *table);
