// From an address to the block that it lies in, in constant time. Addresses are cut into regions, each region
// into granules so small that at most one block begins in each: a bit for each granule says whether one does,
// and a bit's rank is the number of the block. That is far smaller than the blocks themselves, so that most
// questions are answered from the caches. Owned by classify_read.c.
#pragma once

#include "analyzer/verdict/address_spans.h"

// 64 granules.
struct index_cell {
    uint64_t begun;  // bit n: a block begins in the nth
    uint32_t before; // blocks that begin before the first
    uint32_t unused;
};

struct index_region {
    uint32_t cells;   // number of its first cell
    uint8_t shift;    // address bits within a granule
    uint16_t residue; // where in its granule each block begins; RESIDUES_DIFFER
};
enum { RESIDUES_DIFFER = UINT16_MAX, REGIONS_SHIFT = 9, REGIONS = 1 << REGIONS_SHIFT };

// Regions that lie together; most of the address space has none of its own.
struct index_regions {
    struct index_region region[REGIONS];
};

struct block_index {
    const struct classify_block *blocks;
    uint32_t count;
    struct address_spans spans;    // that they lie in
    uint64_t first;                // address that the table begins at
    uint32_t shift;                // address bits within a region
    uint32_t *table;               // where regions are, in regions
    size_t table_count;            // of them
    struct index_regions *regions; // the first: no block
    size_t regions_count, regions_room;
    struct index_cell *cells; // the first: no block
    size_t cell_count, cell_room;
    uint64_t overlapping; // blocks that reach into the next one
    uint64_t bytes;       // of all blocks, as asked for
    bool wide;            // the processor has the instructions for it
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

// What a word points to: the block's number, and where in it.
enum index_place {
    PLACE_START,
    PLACE_END, // one past its last byte
    PLACE_INSIDE,
};
enum { PLACE_BITS = 2 };
#define NO_HIT UINT32_MAX

// hits[i] becomes what words[i] points to: block << PLACE_BITS | place, or NO_HIT. A word of PLACE_INSIDE
// becomes its offset in the block. Words must lie in index->spans; count is at most INDEX_BATCH.
enum { INDEX_BATCH = 1024 };
void block_index_find(const struct block_index *index, uint64_t *words, size_t count, uint32_t *hits);
