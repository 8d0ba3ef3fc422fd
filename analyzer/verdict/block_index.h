// From an address to the block that it lies in, in constant time: regions of 2 MiB by hash, and in each as
// many equal granules as suit the number of its blocks, which say where to search. Owned by classify.c.
#pragma once

#include "analyzer/verdict/classify.h"

#define NO_BLOCK UINT32_MAX

enum { REGION_BITS = 21 };

struct index_region {
    uint64_t number; // address >> REGION_BITS, plus one: 0 is an empty cell
    uint32_t first;  // its granules, in index->granules
    uint8_t shift;   // address bits within a granule
};

struct block_index {
    const struct classify_block *blocks;
    uint32_t count;
    struct index_region *regions; // open addressing
    uint64_t region_mask;         // cells - 1
    uint8_t region_shift;         // 64 - log2(cells)
    // For each granule how many blocks begin before it; one more at each region's end.
    uint32_t *granules;
    size_t granule_count;
    uint32_t *large; // blocks of more than some regions, ascending: their inside is not in regions
    size_t large_count;
    uint64_t overlapping;
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

// The block that each word points to, or NO_BLOCK; blocks[i] belongs to words[i]. count is at most
// INDEX_BATCH.
enum { INDEX_BATCH = 256 };
void block_index_find(const struct block_index *index, const uint64_t *words, size_t count, uint32_t *blocks);
