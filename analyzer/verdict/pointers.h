// The pointers that were found, by the block that holds them: a list of 32-bit words for each block, and one
// for all roots. Owned by classify.c.
#pragma once

#include "analyzer/verdict/block_index.h"
#include "analyzer/verdict/word_filter.h"

// A pointer is its target and one of these; POINTER_AT is followed by (offset in the target) / 8.
enum pointer_kind {
    POINTER_START = PLACE_START,
    POINTER_INTERIOR = PLACE_END, // that no heuristic takes for more
    POINTER_AT = PLACE_INSIDE,    // interior, aligned, and not the end
};
enum { POINTER_KIND_BITS = PLACE_BITS, POINTER_KINDS = (1 << POINTER_KIND_BITS) - 1 };

struct pointers {
    const struct block_index *index;
    struct word_filter filter;
    bool with_offsets; // else there is no POINTER_AT
    uint32_t *list;
    uint64_t count, room; // words in the list
    uint64_t *first;      // of each source, where its pointers begin in the list; sources + 1 of them
    uint32_t sources;
    uint64_t latest; // source and pointer, if it is the last one in the list and takes one word
    uint64_t found;  // words that pointed to a block
    struct word_batch batch;
};

// Sources are 0 to sources - 1. The index must outlive the adding.
void pointers_open(struct pointers *pointers, const struct block_index *index, uint32_t sources,
                   bool with_offsets);
void pointers_close(struct pointers *pointers);
uint64_t pointers_memory(const struct pointers *pointers);

// Notes which of the words point to blocks. Sources must not descend from call to call, of either.
void pointers_add(struct pointers *pointers, uint32_t source, const uint64_t *words, size_t count);
// The same for whole blocks, each of which is the source of its number: see word_filter_blocks.
void pointers_add_blocks(struct pointers *pointers, struct block_run *run);
// Nothing will be added any more: from here on the lists can be read.
void pointers_finish(struct pointers *pointers);

struct pointer {
    uint32_t target;
    enum pointer_kind kind;
    uint64_t offset; // of a POINTER_AT
};

// for (uint64_t at = pointers->first[source]; pointers_next(pointers, source, &at, &pointer);)
static inline bool pointers_next(const struct pointers *pointers, uint32_t source, uint64_t *at,
                                 struct pointer *pointer) {
    if (*at == pointers->first[source + 1])
        return false;
    uint32_t word = pointers->list[(*at)++];
    pointer->target = word >> POINTER_KIND_BITS;
    pointer->kind = word & POINTER_KINDS;
    pointer->offset = pointer->kind == POINTER_AT ? 8ull * pointers->list[(*at)++] : 0;
    return true;
}
