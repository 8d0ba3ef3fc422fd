// The live blocks of a process by address, in time linear in their number. Owned by verdict.c.
//
// Millions of blocks are sorted while the target stands still. So they are read from the live set twice, to
// count and to lay out those of each region of addresses together, and each region is then sorted by itself:
// it fits the processor's caches, and no memory is written to for the first time but the result's.
#pragma once

#include "analyzer/live.h"
#include "analyzer/verdict/classify.h"

struct block_order {
    struct classify_block *blocks; // strictly ascending
    uint32_t *places;              // of the nth block that live_each visits, in blocks
    size_t count;
};

// live is settled, and has at most CLASSIFY_MOST_BLOCKS. Aborts when memory runs out.
struct block_order block_order_of(const struct live_set *live);
void block_order_free(struct block_order *order);
