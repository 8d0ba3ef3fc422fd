// links: analyzer/verdict/classify.c analyzer/verdict/classify_read.c analyzer/verdict/classify_decide.c
// links: analyzer/verdict/block_index.c analyzer/verdict/block_find.c analyzer/verdict/instructions.c analyzer/verdict/address_spans.c analyzer/verdict/arrays.c
// links: analyzer/verdict/word_filter.c analyzer/verdict/pointers.c analyzer/verdict/vtables.c
// links: analyzer/verdict/window.c analyzer/verdict/mappings.c
//
// The verdict against the definition of its classes, over random heaps: blocks of all sizes, near and far
// apart, words that are pointers, tags, ends, and noise. The reference looks at every block for every word,
// and marks until nothing changes. SEEP_MODEL_HEAPS sets the number of heaps, SEEP_MODEL_SEED the first seed.
#include "analyzer/verdict/classify.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BLOCKS = 300, MOST_ROOTS = 8, DEFAULT_HEAPS = 250 };

struct model {
    uint64_t random;
    struct classify_block blocks[MOST_BLOCKS];
    uint64_t *content[MOST_BLOCKS]; // aligned words of each
    size_t count;
    uint64_t roots[MOST_ROOTS];
    size_t root_count;
    unsigned heuristics;
    enum classify_class class[MOST_BLOCKS];
    bool reachable[MOST_BLOCKS], possible[MOST_BLOCKS], taken[MOST_BLOCKS];
};

static uint64_t draw(struct model *m, uint64_t below) {
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return m->random % below;
}

static ssize_t read_model(void *context, uint64_t address, void *buffer, size_t bytes) {
    const struct model *m = context;
    memset(buffer, 0xff, bytes); // between blocks: nothing that points anywhere
    for (size_t i = 0; i < m->count; i++) {
        uint64_t begin = (m->blocks[i].address + 7) & ~7ull,
                 end = (m->blocks[i].address + m->blocks[i].bytes) & ~7ull;
        for (uint64_t at = begin; at < end; at += 8)
            if (at >= address && at < address + bytes)
                memcpy((char *)buffer + (at - address), &m->content[i][(at - begin) / 8], 8);
    }
    return (ssize_t)bytes;
}

static uint64_t random_word(struct model *m) {
    const struct classify_block *block = &m->blocks[draw(m, m->count)];
    switch (draw(m, 12)) {
    case 0:
    case 1:
        return block->address;
    case 2:
        return block->address + block->bytes;
    case 3:
        return block->address + draw(m, block->bytes + 3) - 1;
    case 4:
        return block->address + 8;
    case 5:
        return block->address + 24;
    default:
        return draw(m, 30);
    }
}

static void make(struct model *m, uint64_t seed) {
    *m = (struct model){.random = seed * 0x9e3779b97f4a7c15ull | 1};
    m->count = 1 + draw(m, draw(m, 4) ? 20 : MOST_BLOCKS);
    m->heuristics = draw(m, 2) ? HEURISTICS_ALL : (unsigned)draw(m, HEURISTICS_ALL + 1);
    uint64_t at = 0x555500000000ull + 8 * draw(m, 100), dense = draw(m, 3);
    for (size_t i = 0; i < m->count; i++) {
        uint64_t bytes = draw(m, 30) ? draw(m, 80) : draw(m, 20) ? draw(m, 5000) : draw(m, 400000);
        m->blocks[i] = (struct classify_block){at, bytes};
        at += bytes + (bytes == 0) + (dense ? (8 - bytes % 8) % 8 + 8 * draw(m, 4) : draw(m, 3));
        if (draw(m, 40) == 0)
            at += 1ull << (10 + draw(m, 30));
        m->content[i] = calloc(bytes / 8 + 1, 8);
    }
    for (size_t i = 0; i < m->count; i++)
        for (size_t word = 0; word < m->blocks[i].bytes / 8; word++)
            if (draw(m, 2))
                m->content[i][word] = random_word(m);
    m->root_count = draw(m, MOST_ROOTS + 1);
    for (size_t i = 0; i < m->root_count; i++)
        m->roots[i] = random_word(m);
}

// The block that the word points to, or -1. A start comes before another block's end.
static int pointed_to(const struct model *m, uint64_t word) {
    int found = -1;
    for (size_t i = 0; i < m->count; i++) {
        if (word == m->blocks[i].address)
            return (int)i;
        if (word > m->blocks[i].address && word - m->blocks[i].address <= m->blocks[i].bytes)
            found = (int)i;
    }
    return found;
}

static bool is_start(const struct model *m, int target, uint64_t word) {
    const struct classify_block *block = &m->blocks[target];
    const uint64_t *words = m->content[target];
    uint64_t offset = word - block->address, rest = block->bytes - 8;
    if (offset == 0)
        return true;
    if (offset >= block->bytes || block->address % 8)
        return false;
    if (offset == 8 && words[0] > 0 &&
        ((m->heuristics & HEURISTIC_LENGTH64 && rest == words[0]) ||
         (m->heuristics & HEURISTIC_NEWARRAY && rest % words[0] == 0)))
        return true;
    return offset == 24 && m->heuristics & HEURISTIC_STDSTRING && words[1] + 25 == block->bytes &&
           words[0] <= words[1];
}

typedef void visitor(struct model *m, int from, int to, bool start);

static void each_pointer(struct model *m, int block, visitor *visit) {
    uint64_t begin = (m->blocks[block].address + 7) & ~7ull,
             end = (m->blocks[block].address + m->blocks[block].bytes) & ~7ull;
    for (size_t i = 0; begin + 8 * i < end; i++) {
        int target = pointed_to(m, m->content[block][i]);
        if (target >= 0)
            visit(m, block, target, is_start(m, target, m->content[block][i]));
    }
}

static bool changed;

static void set(bool *flag) {
    changed |= !*flag;
    *flag = true;
}

static void spread(struct model *m, int from, int to, bool start) {
    if (m->reachable[from])
        set(start ? &m->reachable[to] : &m->possible[to]);
    else if (m->possible[from])
        set(&m->possible[to]);
}

static void spread_lost(struct model *m, int from, int to, bool start) {
    (void)start;
    if (m->taken[from] && (m->class[to] == CLASSES || m->class[to] == CLASS_DEFINITE))
        set(&m->taken[to]);
}

static void until_nothing_changes(struct model *m, visitor *visit) {
    do {
        changed = false;
        for (size_t i = 0; i < m->count; i++)
            each_pointer(m, (int)i, visit);
    } while (changed);
}

// Upward, each lost block that none before it keeps takes what it can reach; what was a leader before is none
// any more.
static void decide_lost(struct model *m) {
    for (size_t i = 0; i < m->count; i++)
        m->class[i] = m->reachable[i] ? CLASS_REACHABLE : m->possible[i] ? CLASS_POSSIBLE : CLASSES;
    for (size_t leader = 0; leader < m->count; leader++) {
        if (m->class[leader] != CLASSES)
            continue;
        memset(m->taken, 0, sizeof m->taken);
        m->taken[leader] = true;
        until_nothing_changes(m, spread_lost);
        for (size_t i = 0; i < m->count; i++)
            if (m->taken[i])
                m->class[i] = i == leader ? CLASS_DEFINITE : CLASS_INDIRECT;
    }
}

static void decide(struct model *m) {
    for (size_t i = 0; i < m->root_count; i++) {
        int target = pointed_to(m, m->roots[i]);
        if (target >= 0)
            *(is_start(m, target, m->roots[i]) ? &m->reachable[target] : &m->possible[target]) = true;
    }
    until_nothing_changes(m, spread);
    decide_lost(m);
}

static void compare(struct model *m, uint64_t seed) {
    struct classify_input input = {.blocks = m->blocks,
                                   .block_count = m->count,
                                   .words = m->roots,
                                   .word_count = m->root_count,
                                   .read = read_model,
                                   .context = m,
                                   .heuristics = m->heuristics};
    struct classify *result = NULL;
    struct classify_counts counts;
    struct classify_kept sum = {0, 0};
    ck_assert_int_eq(classify_read(&input, &result), 0);
    classify_decide(result);
    classify_count(result, &counts);
    for (size_t i = 0; i < m->count; i++) {
        struct classify_kept kept = classify_kept(result, i);
        sum.blocks += kept.blocks;
        sum.bytes += kept.bytes;
        size_t leader = classify_leader(result, i);
        ck_assert_msg(classify_class(result, i) == m->class[i], "seed %llu, block %zu of %zu: %d, not %d",
                      (unsigned long long)seed, i, m->count, classify_class(result, i), m->class[i]);
        ck_assert_int_eq(m->class[leader], m -> class[i] == CLASS_INDIRECT ? CLASS_DEFINITE : m -> class[i]);
        ck_assert(kept.blocks == 0 || m->class[i] == CLASS_DEFINITE);
    }
    ck_assert_uint_eq(sum.blocks, counts.class[CLASS_INDIRECT].blocks);
    ck_assert_uint_eq(sum.bytes, counts.class[CLASS_INDIRECT].bytes);
    ck_assert_uint_eq(counts.overlapping, 0);
    classify_free(result);
}

static uint64_t setting(const char *name, uint64_t otherwise) {
    const char *value = getenv(name);
    return value ? strtoull(value, NULL, 10) : otherwise;
}

START_TEST(random_heaps_are_classified_as_defined) {
    static struct model model;
    uint64_t first = setting("SEEP_MODEL_SEED", 1), heaps = setting("SEEP_MODEL_HEAPS", DEFAULT_HEAPS);
    for (uint64_t seed = first; seed < first + heaps; seed++) {
        make(&model, seed);
        decide(&model);
        compare(&model, seed);
        for (size_t i = 0; i < model.count; i++)
            free(model.content[i]);
    }
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_set_timeout(tests, 0); // a long run is the caller's wish
    tcase_add_test(tests, random_heaps_are_classified_as_defined);
}
SEEP_TEST_MAIN("classify_model")
