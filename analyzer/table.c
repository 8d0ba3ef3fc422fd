// See table.h.
#include "analyzer/table.h"
#include "analyzer/must.h"

#include <stdlib.h>

static uint64_t mix(uint64_t key) {
    key ^= key >> 32;
    key *= 0xd6e8feb86659fd93ull;
    key ^= key >> 32;
    key *= 0xd6e8feb86659fd93ull;
    return key ^ key >> 32;
}

static struct table_cell *cell_of(const struct table *table, uint64_t key) {
    size_t at = mix(key) & (table->room - 1);
    while (table->cells[at].used && table->cells[at].key != key)
        at = (at + 1) & (table->room - 1);
    return &table->cells[at];
}

static void grow(struct table *table) {
    struct table old = *table;
    table->room = old.room ? 2 * old.room : 64;
    table->cells = must(calloc(table->room, sizeof *table->cells));
    for (size_t i = 0; i < old.room; i++)
        if (old.cells[i].used)
            *cell_of(table, old.cells[i].key) = old.cells[i];
    free(old.cells);
}

uint32_t *table_at(struct table *table, uint64_t key, uint32_t fresh, int *added) {
    if (table->count * 3 >= table->room * 2)
        grow(table);
    struct table_cell *cell = cell_of(table, key);
    if (added)
        *added = !cell->used;
    if (!cell->used) {
        *cell = (struct table_cell){.key = key, .value = fresh, .used = 1};
        table->count++;
    }
    return &cell->value;
}

void table_free(struct table *table) {
    free(table->cells);
    *table = (struct table){0};
}
