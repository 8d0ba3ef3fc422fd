// See block_index.h. Called by classify.c, for every word that could be an address of a block.
#include "analyzer/verdict/block_index.h"
#include "analyzer/vector.h"

#include <errno.h>

// A block of more regions than this has only its first one among them.
enum { LARGE_REGIONS = 32, BLOCKS_PER_GRANULE = 4, SMALLEST_SHIFT = 6 };

static uint64_t cell_of(const struct block_index *index, uint64_t number) {
    return (number * 0x9e3779b97f4a7c15ull) >> index->region_shift;
}

// The region's cell, or an empty one.
static struct index_region *region_at(const struct block_index *index, uint64_t number) {
    uint64_t cell = cell_of(index, number);
    while (index->regions[cell].number && index->regions[cell].number != number + 1)
        cell = (cell + 1) & index->region_mask;
    return &index->regions[cell];
}

static uint64_t last_region(const struct block_index *index, uint32_t block) {
    uint64_t first = index->blocks[block].address >> REGION_BITS,
             last = block_end(index, block) >> REGION_BITS; // one past the end counts
    return last - first > LARGE_REGIONS ? first : last;
}

static bool is_large(const struct block_index *index, uint32_t block) {
    return (block_end(index, block) >> REGION_BITS) - (index->blocks[block].address >> REGION_BITS) >
           LARGE_REGIONS;
}

// Calls visit for each region that blocks lie in, ascending: begins is how many blocks begin before it.
static size_t each_region(struct block_index *index,
                          void (*visit)(struct block_index *index, uint64_t number, uint32_t before)) {
    uint64_t next = 0; // regions below it were visited
    size_t regions = 0;
    for (uint32_t block = 0; block < index->count; block++) {
        uint64_t first = index->blocks[block].address >> REGION_BITS, last = last_region(index, block);
        for (uint64_t number = first < next ? next : first; number <= last; number++, regions++)
            if (visit)
                visit(index, number, number == first ? block : block + 1);
        if (last >= next)
            next = last + 1;
    }
    return regions;
}

// How many blocks begin in the region, of which `before` begin before it.
static uint32_t blocks_in(const struct block_index *index, uint64_t number, uint32_t before) {
    uint32_t low = before, high = index->count;
    // By doubling steps: regions are many times smaller than the heap.
    for (uint32_t step = 1; low + step < high; step *= 2) {
        if (index->blocks[low + step].address >> REGION_BITS > number) {
            high = low + step;
            break;
        }
        low += step;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (index->blocks[middle].address >> REGION_BITS > number)
            high = middle;
        else
            low = middle + 1;
    }
    return low - before;
}

static void add_granules(struct block_index *index, uint64_t number, uint32_t before) {
    struct index_region *region = region_at(index, number);
    uint32_t inside = blocks_in(index, number, before), after = before + inside;
    uint8_t shift = REGION_BITS;
    while (shift > SMALLEST_SHIFT && (inside >> (REGION_BITS - shift)) > BLOCKS_PER_GRANULE)
        shift--;
    *region = (struct index_region){number + 1, (uint32_t)index->granule_count, shift};
    uint32_t granules = 1u << (REGION_BITS - shift), block = before;
    uint32_t *first = index->granules + index->granule_count;
    for (uint32_t i = 0; i < granules; i++) {
        uint64_t begin = (number << REGION_BITS) + ((uint64_t)i << shift);
        while (block < after && index->blocks[block].address < begin)
            block++;
        first[i] = block;
    }
    first[granules] = after;
    index->granule_count += granules + 1;
}

static void *allocate(size_t count, size_t bytes) {
    void *memory = calloc(count ? count : 1, bytes);
    if (!memory) {
        fputs("seep: out of memory\n", stderr);
        abort();
    }
    return memory;
}

static int check_order(struct block_index *index) {
    const struct classify_block *blocks = index->blocks;
    for (uint32_t i = 1; i < index->count; i++) {
        if (blocks[i].address <= blocks[i - 1].address)
            return -EINVAL;
        if (blocks[i].address - blocks[i - 1].address < blocks[i - 1].bytes)
            index->overlapping++;
    }
    return 0;
}

int block_index_make(struct block_index *index, const struct classify_block *blocks, size_t count) {
    if (count > CLASSIFY_MOST_BLOCKS)
        return -EINVAL;
    *index = (struct block_index){.blocks = blocks, .count = (uint32_t)count};
    if (check_order(index))
        return -EINVAL;
    size_t room = 0, regions = each_region(index, NULL), cells = 16;
    for (index->region_shift = 60; cells < 2 * regions; cells *= 2)
        index->region_shift--;
    index->region_mask = cells - 1;
    index->regions = allocate(cells, sizeof *index->regions);
    // A region has at most 2 granules for each full BLOCKS_PER_GRANULE, and the one that closes it.
    index->granules = allocate(2 * (count / BLOCKS_PER_GRANULE) + 3 * regions, sizeof *index->granules);
    each_region(index, add_granules);
    for (uint32_t i = 0; i < index->count; i++)
        if (is_large(index, i))
            *(VECTOR_PUSH(index->large, index->large_count, room)) = i;
    return 0;
}

void block_index_free(struct block_index *index) {
    free(index->regions);
    free(index->granules);
    free(index->large);
    *index = (struct block_index){0};
}

size_t block_index_memory(const struct block_index *index) {
    return (index->region_mask + 1) * sizeof *index->regions +
           index->granule_count * sizeof *index->granules + index->large_count * sizeof *index->large;
}

// The last of the blocks below `high` that doesn't begin after the word, if it holds it. Blocks below `low`
// do begin before it.
static uint32_t holder(const struct block_index *index, uint64_t word, uint32_t low, uint32_t high) {
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (index->blocks[middle].address <= word)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NO_BLOCK;
    uint32_t block = low - 1;
    const struct classify_block *found = &index->blocks[block];
    bool inside = word == found->address || (found->bytes && word - found->address <= found->bytes);
    return inside ? block : NO_BLOCK;
}

static uint32_t large_holder(const struct block_index *index, uint64_t word) {
    size_t low = 0, high = index->large_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (index->blocks[index->large[middle]].address <= word)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NO_BLOCK;
    uint32_t block = index->large[low - 1];
    return word <= block_end(index, block) ? block : NO_BLOCK;
}

void block_index_find(const struct block_index *index, const uint64_t *words, size_t count,
                      uint32_t *blocks) {
    // Each step of all words before the next step of any: by then what it needs has come from memory.
    const uint32_t *granule[INDEX_BATCH];
    uint32_t low[INDEX_BATCH], high[INDEX_BATCH];
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(&index->regions[cell_of(index, words[i] >> REGION_BITS)]);
    for (size_t i = 0; i < count; i++) {
        const struct index_region *region = region_at(index, words[i] >> REGION_BITS);
        uint64_t within = words[i] & ((1u << REGION_BITS) - 1);
        granule[i] = region->number ? &index->granules[region->first + (within >> region->shift)] : NULL;
        if (granule[i])
            __builtin_prefetch(granule[i]);
    }
    for (size_t i = 0; i < count; i++)
        if (granule[i]) {
            low[i] = granule[i][0];
            high[i] = granule[i][1];
            uint32_t middle = low[i] + (high[i] - low[i]) / 2;
            __builtin_prefetch(&index->blocks[middle ? middle - 1 : 0]);
            __builtin_prefetch(&index->blocks[middle]);
        }
    for (size_t i = 0; i < count; i++)
        blocks[i] = granule[i]           ? holder(index, words[i], low[i], high[i])
                    : index->large_count ? large_holder(index, words[i])
                                         : NO_BLOCK;
}
