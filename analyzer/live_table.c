// The index's growth. Doubling reads the entries in order and fills the new index at random, so it looks
// ahead.
#include "analyzer/live_table.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    FIRST_BUCKET_BITS = 4,
    LAST_BUCKET_BITS = 27, // 1.6e9 entries: beyond, a cell has no room for an entry's number
    NUMBER_BITS = 4,       // a table of 2^b buckets never has more than 2^(b + 4) - 1 entries
    AHEAD = 16,
};
_Static_assert(LIVE_BUCKET_LOAD < 1 << NUMBER_BITS, "numbers of entries fit a cell");

static void set_bits(struct live_table *table, unsigned bits) {
    table->bucket_bits = bits;
    table->number_mask = (1u << (bits + NUMBER_BITS)) - 1;
    table->buckets = live_zeroed_lines((size_t)1 << bits, sizeof *table->buckets);
}

void live_table_open(struct live_table *table, size_t expected) {
    unsigned bits = FIRST_BUCKET_BITS;
    while (bits < LAST_BUCKET_BITS && ((size_t)LIVE_BUCKET_LOAD << bits) < expected)
        bits++;
    size_t room = (size_t)LIVE_BUCKET_LOAD << bits;
    table->count = 0;
    set_bits(table, bits);
    live_pool_open(&table->entries, sizeof(struct live_entry), expected < room ? expected : room);
}

void live_table_close(struct live_table *table) {
    free(table->buckets);
    live_pool_close(&table->entries);
}

static void place(struct live_table *table, uint32_t number) {
    uint64_t hash = live_hash(live_entry_at(table, number)->address);
    size_t at = live_table_home(table, hash);
    unsigned empty;
    while (!(empty = live_bucket_match(&table->buckets[at], UINT32_MAX, 0))) {
        table->buckets[at].passed++;
        at = live_table_following(table, at);
    }
    table->buckets[at].cell[__builtin_ctz(empty)] = live_table_mark(table, hash) | number;
}

void live_table_grow(struct live_table *table) {
    if (table->bucket_bits == LAST_BUCKET_BITS) {
        fprintf(stderr, "seep: more than %zu live blocks in one process\n", table->count);
        abort();
    }
    free(table->buckets);
    set_bits(table, table->bucket_bits + 1);
    uint32_t end = table->entries.used;
    for (uint32_t number = 1; number < end; number++) {
        if (number + AHEAD < end)
            __builtin_prefetch(
                live_table_bucket(table, live_hash(live_entry_at(table, number + AHEAD)->address)), 1);
        if (live_entry_at(table, number)->kind != ENTRY_NONE)
            place(table, number);
    }
}
