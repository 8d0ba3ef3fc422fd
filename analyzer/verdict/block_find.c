// See block_index.h. Asked for every word that could be an address of a block: see there for what a cell
// says.
#include "analyzer/verdict/block_index.h"
#include "analyzer/verdict/instructions.h"

enum { AHEAD = 64 };

#define INLINE static inline __attribute__((always_inline))

struct place {
    const struct index_cell *cell;
    uint64_t granule;
    bool may_start; // a block that begins in the granule begins at the word
};

INLINE struct place place_of(const struct block_index *index, uint64_t word) {
    uint64_t within = word - index->first, number = within >> index->shift;
    const struct index_regions *regions = &index->regions[index->table[number >> REGIONS_SHIFT]];
    struct index_region region = regions->region[number % REGIONS];
    within &= (1ull << index->shift) - 1;
    uint64_t granule = within >> region.shift;
    return (struct place){.cell = &index->cells[region.cells + (granule >> 6)],
                          .granule = granule,
                          .may_start = (within & ((1ull << region.shift) - 1)) == region.residue};
}

// Blocks up to this one can't be asked for less than their address: `candidate` is the last that begins
// before the word's granule ends, or one too many, or no more than a bound. Rare, and what it reads has been
// prefetched.
static uint32_t look_closer(const struct block_index *index, uint64_t *word, uint32_t candidate) {
    const struct classify_block *blocks = index->blocks;
    candidate -= candidate > 0 && blocks[candidate].address > *word;
    if (blocks[candidate].address > *word) {
        uint32_t low = 0, high = candidate; // blocks below low begin before it, from high on after it
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (blocks[middle].address <= *word)
                low = middle + 1;
            else
                high = middle;
        }
        if (low == 0)
            return NO_HIT;
        candidate = low - 1;
    }
    uint64_t offset = *word - blocks[candidate].address;
    if (offset > blocks[candidate].bytes)
        return NO_HIT;
    if (offset == 0)
        return candidate << PLACE_BITS | PLACE_START;
    if (offset == blocks[candidate].bytes)
        return candidate << PLACE_BITS | PLACE_END;
    *word = offset;
    return candidate << PLACE_BITS | PLACE_INSIDE;
}

// A word's cell is asked for some time before it is needed: by then it has come from memory.
INLINE void find(const struct block_index *index, uint64_t *words, size_t count, uint32_t *hits) {
    struct place places[AHEAD];
    uint16_t others[INDEX_BATCH];
    size_t other_count = 0;
    for (size_t i = 0; i < count && i < AHEAD; i++) {
        places[i] = place_of(index, words[i]);
        __builtin_prefetch(places[i].cell);
    }
    for (size_t i = 0; i < count; i++) {
        // cppcheck-suppress uninitvar // either loop has written it
        struct place place = places[i % AHEAD];
        if (i + AHEAD < count) {
            places[i % AHEAD] = place_of(index, words[i + AHEAD]);
            __builtin_prefetch(places[i % AHEAD].cell);
        }
        uint64_t upto = place.cell->begun << (~place.granule & 63); // the granule's bit is the highest
        uint32_t begun = place.cell->before + (uint32_t)__builtin_popcountll(upto);
        bool is_start = (int64_t)upto < 0 && place.may_start;
        hits[i] = begun ? (begun - 1) << PLACE_BITS | PLACE_START : NO_HIT;
        others[other_count] = (uint16_t)i;
        other_count += !is_start && begun;
        const struct classify_block *begin = &index->blocks[begun - (begun > 0)];
        __builtin_prefetch(is_start || !begun ? (const void *)place.cell : begin);
    }
    for (size_t n = 0; n < other_count; n++) {
        // cppcheck-suppress uninitvar // other_count counts what was written
        size_t i = others[n];
        hits[i] = look_closer(index, &words[i], hits[i] >> PLACE_BITS);
    }
}

#if HAS_WIDE
WIDE static void find_widely(const struct block_index *index, uint64_t *words, size_t count, uint32_t *hits) {
    find(index, words, count, hits);
}
#endif

void block_index_find(const struct block_index *index, uint64_t *words, size_t count, uint32_t *hits) {
#if HAS_WIDE
    if (index->wide) {
        find_widely(index, words, count, hits);
        return;
    }
#endif
    find(index, words, count, hits);
}
