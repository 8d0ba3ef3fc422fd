// See block_index.h. What is asked of it is in block_find.c.
#include "analyzer/verdict/block_index.h"

#include "analyzer/verdict/arrays.h"
#include "analyzer/verdict/instructions.h"

#include <errno.h>
#include <stdlib.h>

// A region is 2 MiB, unless the table became too large: in 47 bits of addresses it never does.
enum { REGION_SHIFT = 21, MOST_REGIONS_SHIFT = 17 };

// The largest granules, so that no place in one is RESIDUES_DIFFER; and such that one cell is enough for any
// region.
enum { CELL_SHIFT = 6, LARGEST = 15, WHOLE = 63 - CELL_SHIFT };
enum { CELLS_ALWAYS = 2048, CELLS_FOR_A_BLOCK = 4 };

static uint64_t last_address(const struct classify_block *block) {
    return block->bytes > UINT64_MAX - block->address ? UINT64_MAX : block->address + block->bytes;
}

static int look_through(struct block_index *index) {
    const struct classify_block *blocks = index->blocks;
    uint64_t unordered = 0;
    for (uint32_t i = 0; i + 1 < index->count; i++) {
        uint64_t distance = blocks[i + 1].address - blocks[i].address;
        unordered |= blocks[i + 1].address <= blocks[i].address;
        index->overlapping += distance < blocks[i].bytes;
        index->bytes += blocks[i].bytes;
    }
    if (index->count)
        index->bytes += blocks[index->count - 1].bytes;
    return unordered ? -EINVAL : 0;
}

static void make_table(struct block_index *index) {
    uint64_t first = index->spans.span[0].first, last = index->spans.span[1].last; // also of no blocks
    index->shift = REGION_SHIFT;
    while (((last - first) >> (index->shift + REGIONS_SHIFT)) >> MOST_REGIONS_SHIFT)
        index->shift++;
    index->first = first & ~((1ull << index->shift) - 1);
    index->table_count = ((last - index->first) >> (index->shift + REGIONS_SHIFT)) + 1;
    index->table = verdict_allocate(index->table_count, sizeof *index->table);
}

static struct index_cell *add_cells(struct block_index *index, size_t count) {
    while (index->cell_count + count > index->cell_room) {
        size_t bytes = index->cell_room * sizeof *index->cells;
        index->cells = verdict_extend(index->cells, bytes, bytes ? 2 * bytes : VERDICT_STEP);
        index->cell_room = (bytes ? 2 * bytes : VERDICT_STEP) / sizeof *index->cells;
    }
    struct index_cell *cells = index->cells + index->cell_count;
    index->cell_count += count;
    return cells;
}

// The region of that number, to be written. Those beside it that nothing is known of have no blocks.
static struct index_region *region_at(struct block_index *index, uint64_t number) {
    uint32_t *at = &index->table[number >> REGIONS_SHIFT];
    if (*at == 0) {
        if (index->regions_count == index->regions_room) {
            index->regions_room = 2 * index->regions_room;
            index->regions = verdict_grow(index->regions, index->regions_room * sizeof *index->regions);
        }
        *at = (uint32_t)index->regions_count++;
        index->regions[*at] = index->regions[0];
    }
    return &index->regions[*at].region[number % REGIONS];
}

// What granules a region's blocks, from `begin` to `end`, allow.
struct spacing {
    uint64_t distance; // of the two that begin closest to each other; UINT64_MAX: there is one only
    uint64_t differ;   // bits of their addresses that do
};

static struct spacing spacing_of(const struct classify_block *blocks, uint32_t begin, uint32_t end) {
    struct spacing spacing = {UINT64_MAX, 0};
    for (uint32_t i = begin + 1; i < end; i++) {
        uint64_t distance = blocks[i].address - blocks[i - 1].address;
        spacing.distance = distance < spacing.distance ? distance : spacing.distance;
        spacing.differ |= blocks[i].address ^ blocks[i - 1].address;
    }
    return spacing;
}

static uint32_t log2_of(uint64_t value) {
    return 63 - (uint32_t)__builtin_clzll(value);
}

static uint64_t cells_for(const struct block_index *index, uint32_t shift) {
    return shift + CELL_SHIFT >= index->shift ? 1 : 1ull << (index->shift - shift - CELL_SHIFT);
}

// Granules in which all blocks begin at the same place tell a start without a look at the block. Where those
// were far more than there are blocks, larger ones will do.
static uint32_t granule_shift(const struct block_index *index, struct spacing spacing, uint32_t blocks) {
    uint32_t most = log2_of(spacing.distance);
    most = most < LARGEST ? most : LARGEST;
    uint32_t alike = spacing.differ ? (uint32_t)__builtin_ctzll(spacing.differ) : most;
    return alike < most && cells_for(index, alike) <= blocks ? alike : most;
}

static uint16_t residue_of(struct spacing spacing, uint32_t shift, uint64_t address) {
    uint64_t mask = (1ull << shift) - 1;
    return spacing.differ & mask ? RESIDUES_DIFFER : (uint16_t)(address & mask);
}

// One cell for the region that says nothing but which blocks begin before its end: found by search.
static void add_whole(struct block_index *index, uint64_t number, uint32_t end) {
    *region_at(index, number) = (struct index_region){(uint32_t)index->cell_count, WHOLE, RESIDUES_DIFFER};
    *add_cells(index, 1) = (struct index_cell){.before = end};
}

// Blocks from `begin` to `end` begin in the region.
static void add_region(struct block_index *index, uint64_t number, uint32_t begin, uint32_t end) {
    const struct classify_block *blocks = index->blocks;
    struct spacing spacing = spacing_of(blocks, begin, end);
    uint32_t shift = granule_shift(index, spacing, end - begin);
    uint64_t count = cells_for(index, shift);
    if (count > CELLS_ALWAYS && count > (uint64_t)CELLS_FOR_A_BLOCK * (end - begin)) {
        add_whole(index, number, end);
        return;
    }
    *region_at(index, number) =
        (struct index_region){.cells = (uint32_t)index->cell_count,
                              .shift = (uint8_t)shift,
                              .residue = residue_of(spacing, shift, blocks[begin].address)};
    struct index_cell *cells = add_cells(index, count);
    uint64_t filled = 0, base = index->first + (number << index->shift);
    for (uint32_t i = begin; i < end; i++) {
        uint64_t granule = (blocks[i].address - base) >> shift, own = granule >> CELL_SHIFT;
        while (filled <= own)
            cells[filled++] = (struct index_cell){.before = i};
        cells[own].begun |= 1ull << (granule & 63);
    }
    while (filled < count)
        cells[filled++] = (struct index_cell){.before = end};
}

// Regions after `number` that the last block before `end` reaches into, up to the region `until`. Where that
// are many they share what says so.
static void add_reached(struct block_index *index, uint64_t number, uint64_t until, uint32_t end) {
    uint64_t last = (last_address(&index->blocks[end - 1]) - index->first) >> index->shift;
    struct index_region reached = {(uint32_t)index->cell_count, WHOLE, RESIDUES_DIFFER};
    uint32_t shared = 0;
    until = until <= last ? until : last + 1;
    if (++number < until)
        *add_cells(index, 1) = (struct index_cell){.before = end};
    while (number < until) {
        uint32_t *at = &index->table[number >> REGIONS_SHIFT];
        bool all = number % REGIONS == 0 && until - number >= REGIONS;
        if (all && shared)
            *at = shared;
        for (uint64_t i = 0; i < (all ? REGIONS : 1) && !(all && shared); i++)
            *region_at(index, number + i) = reached;
        shared = all ? *at : shared;
        number += all ? REGIONS : 1;
    }
}

static void add_regions(struct block_index *index) {
    const struct classify_block *blocks = index->blocks;
    for (uint32_t begin = 0, end; begin < index->count; begin = end) {
        uint64_t number = (blocks[begin].address - index->first) >> index->shift, next = UINT64_MAX;
        for (end = begin + 1; end < index->count; end++) {
            next = (blocks[end].address - index->first) >> index->shift;
            if (next != number)
                break;
        }
        add_region(index, number, begin, end);
        add_reached(index, number, end < index->count ? next : UINT64_MAX, end);
    }
}

int block_index_make(struct block_index *index, const struct classify_block *blocks, size_t count) {
    if (count > CLASSIFY_MOST_BLOCKS)
        return -EINVAL;
    *index =
        (struct block_index){.blocks = blocks, .count = (uint32_t)count, .wide = instructions_are_wide()};
    if (look_through(index))
        return -EINVAL;
    index->spans = address_spans_of(blocks, count);
    make_table(index);
    index->regions_room = index->regions_count = 1;
    index->regions = verdict_allocate(1, sizeof *index->regions);
    for (size_t i = 0; i < REGIONS; i++)
        index->regions->region[i] = (struct index_region){0, WHOLE, RESIDUES_DIFFER};
    *add_cells(index, 1) = (struct index_cell){.before = 0};
    add_regions(index);
    return 0;
}

void block_index_free(struct block_index *index) {
    free(index->table);
    free(index->regions);
    verdict_unmap(index->cells, index->cell_room * sizeof *index->cells);
    *index = (struct block_index){0};
}

size_t block_index_memory(const struct block_index *index) {
    return index->table_count * sizeof *index->table + index->regions_count * sizeof *index->regions +
           index->cell_count * sizeof *index->cells;
}
