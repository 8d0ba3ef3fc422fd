// A made-up address space for tests of the verdict: pages of words, some unreadable, with blocks and roots.
#pragma once

#include "analyzer/verdict/classify.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { WORLD_BYTES = 1 << 20, WORLD_BLOCKS = 64, WORLD_PAGE = 4096 };
#define WORLD_BASE 0x7f1200000000ull

struct world {
    unsigned char memory[WORLD_BYTES]; // at WORLD_BASE
    unsigned char unreadable[WORLD_BYTES / WORLD_PAGE];
    struct classify_block blocks[WORLD_BLOCKS];
    struct classify_range roots[WORLD_BLOCKS];
    uint64_t words[WORLD_BLOCKS];
    struct classify_mapping mappings[WORLD_BLOCKS];
    struct classify_input input;
    struct classify *result;
    struct classify_counts counts;
    size_t reads;
};

static inline ssize_t world_read(void *context, uint64_t address, void *buffer, size_t bytes) {
    struct world *w = context;
    size_t done = 0;
    w->reads++;
    while (done < bytes) {
        uint64_t at = address + done - WORLD_BASE;
        if (at >= WORLD_BYTES || w->unreadable[at / WORLD_PAGE])
            break;
        size_t page = WORLD_PAGE - at % WORLD_PAGE, run = bytes - done < page ? bytes - done : page;
        memcpy((char *)buffer + done, w->memory + at, run);
        done += run;
    }
    return done || !bytes ? (ssize_t)done : -14;
}

static inline struct world *world_new(void) {
    struct world *w = calloc(1, sizeof *w);
    w->input = (struct classify_input){.blocks = w->blocks,
                                       .roots = w->roots,
                                       .words = w->words,
                                       .read = world_read,
                                       .context = w,
                                       .heuristics = HEURISTICS_ALL};
    return w;
}

static inline void world_free(struct world *w) {
    classify_free(w->result);
    free(w);
}

static inline uint64_t at(uint64_t offset) {
    return WORLD_BASE + offset;
}

// Blocks must be added upward.
static inline void block(struct world *w, uint64_t offset, uint64_t bytes) {
    w->blocks[w->input.block_count++] = (struct classify_block){at(offset), bytes};
}

static inline void store(struct world *w, uint64_t offset, uint64_t word) {
    memcpy(w->memory + offset, &word, sizeof word);
}

static inline void root(struct world *w, uint64_t offset, uint64_t bytes) {
    w->roots[w->input.root_count++] = (struct classify_range){at(offset), at(offset) + bytes};
}

static inline void hold(struct world *w, uint64_t word) {
    w->words[w->input.word_count++] = word;
}

static inline void mapping(struct world *w, uint64_t offset, uint64_t bytes, unsigned flags) {
    w->mappings[w->input.mapping_count++] = (struct classify_mapping){at(offset), at(offset) + bytes, flags};
    w->input.mappings = w->mappings;
}

// The classes of all blocks in one word, one letter each: d i p r.
static inline const char *classes(struct world *w) {
    static char letters[WORLD_BLOCKS + 1];
    classify_free(w->result);
    w->result = NULL;
    ck_assert_int_eq(classify_read(&w->input, &w->result), 0);
    classify_decide(w->result);
    for (size_t i = 0; i < w->input.block_count; i++)
        letters[i] = "dipr"[classify_class(w->result, i)];
    letters[w->input.block_count] = '\0';
    classify_count(w->result, &w->counts);
    return letters;
}
