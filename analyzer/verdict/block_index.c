// See block_index.h. Asked for every word that could be an address of a block.
#include "analyzer/verdict/block_index.h"
#include "analyzer/verdict/arrays.h"

#include <errno.h>
#include <stdlib.h>

// A region is 2 MiB, unless that were too many; a granule is never smaller than a block with its header.
enum { REGION_SHIFT = 21, MOST_REGIONS = 1 << 17, GRANULE_SHIFT = 5 };

enum { NO_BLOCKS = 0 }; // the two granules of every place that no block lies in

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

static void cut_into_regions(struct index_span *span, struct address_span addresses) {
    *span = (struct index_span){
        .first = addresses.first, .width = addresses.last - addresses.first, .shift = REGION_SHIFT};
    while (span->width >> span->shift >= MOST_REGIONS)
        span->shift++;
    span->region_count = (span->width >> span->shift) + 1;
    span->regions = verdict_allocate(span->region_count, sizeof *span->regions);
}

static uint32_t granule_shift(uint32_t region_shift, uint32_t blocks) {
    uint32_t shift = region_shift;
    while (shift > GRANULE_SHIFT && blocks >> (region_shift - shift) > 1)
        shift--;
    return shift;
}

// Fills the region's granules: blocks from `before` to `after` begin in it.
static void add_granules(struct block_index *index, const struct index_span *span, size_t number,
                         uint32_t before, uint32_t after) {
    uint64_t begin = span->first + ((uint64_t)number << span->shift);
    uint32_t shift = granule_shift(span->shift, after - before), filled = 0;
    struct index_granule *granules = index->granules + index->granule_count;
    uint32_t last = (uint32_t)((1ull << (span->shift - shift)) - 1);
    span->regions[number] = (struct index_region){(uint32_t)index->granule_count, shift};
    for (uint32_t block = before; block < after; block++) {
        uint64_t within = index->blocks[block].address - begin, own = within >> shift;
        if (filled > own)
            continue;
        while (filled <= own)
            granules[filled++] = (struct index_granule){block, NOT_IN_GRANULE};
        if (shift < 32)
            granules[own].first = (uint32_t)(within - (own << shift));
    }
    while (filled <= last + 2)
        granules[filled++] = (struct index_granule){after, NOT_IN_GRANULE};
    index->granule_count += filled;
}

// Does the last block before reach into the region, or to its beginning?
static bool is_reached(const struct block_index *index, const struct index_span *span, size_t number,
                       uint32_t block) {
    if (block == 0)
        return false;
    const struct classify_block *last = &index->blocks[block - 1];
    uint64_t begin = span->first + ((uint64_t)number << span->shift);
    return last->address < begin && begin - last->address <= last->bytes;
}

// Its regions in turn. Where no block begins, only the last one before can reach: the two equal granules at
// the end of the region before say so. If it doesn't, it is one more place without blocks: a program has more
// pointers to what it mapped itself, between the allocator's regions, than to blocks.
static uint32_t add_span(struct block_index *index, const struct index_span *span, uint32_t block) {
    for (size_t number = 0; number < span->region_count; number++) {
        uint32_t after = block;
        while (after < index->count && index->blocks[after].address - span->first <= span->width &&
               (index->blocks[after].address - span->first) >> span->shift == number)
            after++;
        if (after > block)
            add_granules(index, span, number, block, after);
        else if (is_reached(index, span, number, block))
            span->regions[number] = (struct index_region){(uint32_t)index->granule_count - 2, span->shift};
        else
            span->regions[number] = (struct index_region){NO_BLOCKS, span->shift};
        block = after;
    }
    return block;
}

int block_index_make(struct block_index *index, const struct classify_block *blocks, size_t count) {
    if (count > CLASSIFY_MOST_BLOCKS)
        return -EINVAL;
    *index = (struct block_index){.blocks = blocks, .count = (uint32_t)count};
    if (check_order(index))
        return -EINVAL;
    struct address_spans spans = {{{0, 0}, {0, 0}}};
    if (count)
        spans = address_spans_of(blocks, count);
    for (int i = 0; i < 2; i++)
        cut_into_regions(&index->span[i], spans.span[i]);
    // A region with blocks has no more granules than blocks, and two that end it.
    size_t regions = index->span[0].region_count + index->span[1].region_count;
    index->granules =
        verdict_allocate(count + 2 * (count < regions ? count : regions) + 4, sizeof *index->granules);
    index->granules[NO_BLOCKS] = index->granules[NO_BLOCKS + 1] = (struct index_granule){0, NOT_IN_GRANULE};
    index->granule_count = 2;
    uint32_t next = add_span(index, &index->span[0], 0);
    add_span(index, &index->span[1], next);
    return 0;
}

void block_index_free(struct block_index *index) {
    for (int i = 0; i < 2; i++)
        free(index->span[i].regions);
    free(index->granules);
    *index = (struct block_index){0};
}

size_t block_index_memory(const struct block_index *index) {
    return (index->span[0].region_count + index->span[1].region_count) * sizeof(struct index_region) +
           index->granule_count * sizeof *index->granules;
}

struct place {
    const struct index_granule *granule;
    uint64_t within; // it; NOT_IN_GRANULE if the word is in none
};

static struct place place_of(const struct block_index *index, uint64_t word) {
    const struct index_span *span = &index->span[word - index->span[0].first > index->span[0].width];
    uint64_t within = word - span->first;
    if (within > span->width)
        return (struct place){index->granules, UINT64_MAX};
    const struct index_region *region = &span->regions[within >> span->shift];
    within &= (1ull << span->shift) - 1;
    return (struct place){&index->granules[region->granules + (within >> region->shift)],
                          within & ((1ull << region->shift) - 1)};
}

// The last of the blocks below `high` that doesn't begin after the word, if it holds it. Blocks below `low`
// do begin before it.
static uint32_t holder(const struct block_index *index, uint64_t word, uint32_t low, uint32_t high) {
    const struct classify_block *blocks = index->blocks;
    while (high - low > 2) {
        uint32_t middle = low + (high - low) / 2;
        if (blocks[middle].address <= word)
            low = middle + 1;
        else
            high = middle;
    }
    // Two or fewer are left in most granules. No branches: which it is comes at random.
    uint32_t last = index->count - 1, first = low < last ? low : last,
             second = low + 1 < last ? low + 1 : last;
    uint32_t begun = low + ((low < high) & (blocks[first].address <= word)) +
                     ((low + 1 < high) & (blocks[second].address <= word));
    const struct classify_block *found = &blocks[begun - (begun > 0)];
    bool inside = (begun > 0) & (word - found->address <= found->bytes);
    return inside ? begun - 1 : NO_BLOCK;
}

void block_index_find(const struct block_index *index, const uint64_t *words, size_t count,
                      struct index_hit *hits) {
    // Each step of all words before the next step of any: by then what it needs has come from memory. Most
    // pointers are to the start of the only block of a granule, and need no more than that.
    struct place places[INDEX_BATCH];
    uint16_t others[INDEX_BATCH];
    size_t other_count = 0;
    for (size_t i = 0; i < count; i++) {
        places[i] = place_of(index, words[i]);
        __builtin_prefetch(places[i].granule);
    }
    for (size_t i = 0; i < count; i++) {
        const struct index_granule *granule = places[i].granule;
        bool is_first = granule->first == places[i].within;
        bool is_none = granule == &index->granules[NO_BLOCKS];
        hits[i] = (struct index_hit){is_none ? NO_BLOCK : granule->before, is_first & !is_none};
        others[other_count] = (uint16_t)i;
        other_count += !is_first & !is_none;
        if (!is_first && granule[1].before) {
            __builtin_prefetch(&index->blocks[granule->before - (granule->before > 0)]);
            __builtin_prefetch(&index->blocks[granule->before]);
        }
    }
    for (size_t n = 0; n < other_count; n++) {
        // cppcheck-suppress uninitvar // other_count counts what was written
        size_t i = others[n];
        // cppcheck-suppress uninitvar // all below count are written
        const struct index_granule *granule = places[i].granule;
        uint32_t block = holder(index, words[i], granule->before, granule[1].before);
        hits[i] = (struct index_hit){block, block != NO_BLOCK && index->blocks[block].address == words[i]};
    }
}
