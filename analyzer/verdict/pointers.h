// The pointers that were found, by the block that holds them: a list of 32-bit words for each block, and one
// for all roots. Owned by classify.c.
#pragma once

#include "analyzer/verdict/block_index.h"
#include "analyzer/verdict/word_filter.h"

// A pointer is its target and one of these; POINTER_AT is followed by (offset in the target) / 8.
enum pointer_kind {
    POINTER_START,
    POINTER_INTERIOR, // that no heuristic takes for more
    POINTER_AT,       // interior, aligned, and not the end
};
enum { POINTER_KIND_BITS = 2, CHUNK_BITS = 20 };
#define CHUNK_WORDS ((size_t)1 << CHUNK_BITS)

struct pointers {
    const struct block_index *index;
    struct word_filter filter;
    bool with_offsets; // else there is no POINTER_AT
    uint32_t **chunks; // of the list: CHUNK_WORDS each
    size_t chunk_count;
    uint64_t count;   // words in the list
    uint64_t *first;  // of each source, where its pointers begin in list; sources + 1 of them
    uint32_t sources; // that have begun
    uint32_t latest;  // pointer in the list, if it takes one word
    uint64_t found;   // words that pointed to a block
    uint64_t batch_words[INDEX_BATCH + 4];
    uint32_t batch_sources[INDEX_BATCH + 4];
    size_t batch_count;
};

// Sources are 0 to sources - 1. The index must outlive the adding.
void pointers_open(struct pointers *pointers, const struct block_index *index, uint32_t sources,
                   bool with_offsets);
void pointers_close(struct pointers *pointers);
uint64_t pointers_memory(const struct pointers *pointers);

// Notes which of the words point to blocks. Sources must not descend from call to call.
void pointers_add(struct pointers *pointers, uint32_t source, const uint64_t *words, size_t count);
// Nothing will be added any more: from here on the lists can be read.
void pointers_finish(struct pointers *pointers, uint32_t sources);

static inline uint32_t *pointers_word(const struct pointers *pointers, uint64_t at) {
    return &pointers->chunks[at >> CHUNK_BITS][at & (CHUNK_WORDS - 1)];
}

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
    uint32_t word = *pointers_word(pointers, (*at)++);
    pointer->target = word >> POINTER_KIND_BITS;
    pointer->kind = word & ((1 << POINTER_KIND_BITS) - 1);
    pointer->offset = pointer->kind == POINTER_AT ? 8ull * *pointers_word(pointers, (*at)++) : 0;
    return true;
}
