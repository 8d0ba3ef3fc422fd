// A process made up for the search for roots: areas, blocks, threads and mappings are what the test says; the
// memory itself is the test's own.
#pragma once

#include "analyzer/verdict/roots.h"
#include "tests/lib/suite.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WORLD_PAGE = 4096, WORLD_MOST = 16, WORLD_ROOTS = 64 };

struct world {
    struct smaps_area areas[WORLD_MOST];
    struct smaps smaps;
    struct classify_block blocks[WORLD_MOST];
    struct roots_mapping mappings[WORLD_MOST];
    struct wire_own own[WORLD_MOST];
    struct stopped_thread threads[WORLD_MOST];
    struct stopped stopped;
    struct roots_question question;
    struct classify_range roots[WORLD_ROOTS]; // what was found
    size_t root_count;
    uint64_t words[WORLD_MOST];
    size_t word_count;
};

// Zeroed memory for areas to lie in, aligned to `alignment` (a power of two).
static inline uint64_t world_memory(uint64_t bytes, uint64_t alignment) {
    char *memory = mmap(NULL, bytes + alignment, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    return ((uint64_t)memory + alignment - 1) & ~(alignment - 1);
}

static inline void world_word(uint64_t address, uint64_t word) {
    memcpy((void *)address, &word, sizeof word);
}

static inline struct world world_new(void) {
    return (struct world){.stopped = {.pid = getpid()}};
}

// Ascending, as all of these. path "": anonymous memory.
static inline struct smaps_area *world_area(struct world *world, uint64_t start, uint64_t end,
                                            const char *path) {
    struct smaps_area *area = &world->areas[world->smaps.count++];
    *area = (struct smaps_area){.start = start,
                                .end = end,
                                .protection = PROT_READ | PROT_WRITE,
                                .path = path,
                                .inode = path[0] == '/' ? 77 : 0};
    return area;
}

static inline void world_guard(struct world *world, uint64_t start, uint64_t end) {
    world_area(world, start, end, "")->protection = PROT_NONE;
}

static inline void world_block(struct world *world, uint64_t address, uint64_t bytes) {
    world->blocks[world->question.block_count++] = (struct classify_block){address, bytes};
}

static inline void world_mapping(struct world *world, uint64_t begin, uint64_t end, bool is_allocators) {
    world->mappings[world->question.mapping_count++] = (struct roots_mapping){begin, end, is_allocators};
}

static inline void world_thread(struct world *world, pid_t tid, uint64_t sp, uint64_t tls) {
    world->threads[world->stopped.thread_count++] =
        (struct stopped_thread){.tid = tid, .in_call = true, .sp = sp, .tls = tls};
}

static inline void world_search(struct world *world) {
    world->smaps.areas = world->areas;
    world->stopped.threads = world->threads;
    world->question.stopped = &world->stopped;
    world->question.smaps = &world->smaps;
    world->question.blocks = world->blocks;
    world->question.mappings = world->mappings;
    world->question.own_areas = world->own;
    struct roots found;
    roots_find(&world->question, &found);
    world->root_count = found.ranges.count;
    ck_assert_uint_le(world->root_count, WORLD_ROOTS);
    for (size_t i = 0; i < found.ranges.count; i++)
        world->roots[i] = found.ranges.entries[i];
    world->word_count = found.word_count;
    ck_assert_uint_le(world->word_count, WORLD_MOST);
    for (size_t i = 0; i < found.word_count; i++)
        world->words[i] = found.words[i];
    roots_free(&found);
}

// How much of [begin, end) is a root.
static inline uint64_t world_rooted(const struct world *world, uint64_t begin, uint64_t end) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < world->root_count; i++) {
        const struct classify_range *range = &world->roots[i];
        uint64_t from = range->begin > begin ? range->begin : begin;
        uint64_t to = range->end < end ? range->end : end;
        bytes += from < to ? to - from : 0;
    }
    return bytes;
}

#define ASSERT_ROOT(world, begin, end)                                                                       \
    ck_assert_uint_eq(world_rooted((world), (begin), (end)), (end) - (begin))
#define ASSERT_NO_ROOT(world, begin, end) ck_assert_uint_eq(world_rooted((world), (begin), (end)), 0)
