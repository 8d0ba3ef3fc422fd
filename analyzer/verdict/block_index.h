// From an address to the block that it lies in, in constant time. Each span of addresses is cut into equal
// regions, each region into as many equal granules as it has blocks or so; a granule says where to search.
// Owned by classify_read.c.
#pragma once

#include "analyzer/verdict/address_spans.h"

#define NO_BLOCK UINT32_MAX

struct index_granule {
    uint32_t before; // blocks that begin before it
    uint32_t first;  // where in it the first one begins; NOT_IN_GRANULE: none does
};
#define NOT_IN_GRANULE UINT32_MAX

struct index_region {
    uint32_t granules; // its first, in index->granules
    uint32_t shift;    // address bits within a granule
};

struct index_span {
    uint64_t first, width; // addresses first to first + width
    uint32_t shift;        // address bits within a region
    struct index_region *regions;
    size_t region_count;
};

struct block_index {
    const struct classify_block *blocks;
    uint32_t count;
    struct index_span span[2];
    // Two more at each region's end, which no block begins in. The first two are 0: no block.
    struct index_granule *granules;
    size_t granule_count;
    uint64_t overlapping; // blocks that reach into the next one
};

// -EINVAL: not strictly ascending, or too many.
int block_index_make(struct block_index *index, const struct classify_block *blocks, size_t count);
void block_index_free(struct block_index *index);
size_t block_index_memory(const struct block_index *index);

// Where the block's bytes end: before the next block's begin, and before the end of the address space.
static inline uint64_t block_end(const struct block_index *index, uint32_t block) {
    uint64_t begin = index->blocks[block].address, bytes = index->blocks[block].bytes;
    uint64_t room = block + 1 < index->count ? index->blocks[block + 1].address - begin : UINT64_MAX - begin;
    return begin + (bytes < room ? bytes : room);
}

struct index_hit {
    uint32_t block; // or NO_BLOCK
    bool is_start;
};

// What each word points to; hits[i] belongs to words[i]. count is at most INDEX_BATCH.
enum { INDEX_BATCH = 256 };
void block_index_find(const struct block_index *index, const uint64_t *words, size_t count,
                      struct index_hit *hits);
