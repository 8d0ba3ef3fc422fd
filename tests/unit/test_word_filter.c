// links: analyzer/verdict/word_filter.c analyzer/verdict/instructions.c
//
// Which words pass, with the instructions of this processor and with the plain ones: all that lie in either
// span, no others, each with where it was found; and where a run of blocks ends.
#include "analyzer/verdict/word_filter.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 600, SOURCE = 77 };

static const struct address_spans spans = {{{0x1000, 0x1fff}, {0xffffffff00000000, UINT64_MAX}}};
static struct word_filter filter;
static struct word_batch batch;

enum { PLAIN, WIDER, WIDEST_OF_ALL, WAYS };

static void use(int way) {
    filter = word_filter_make(&spans);
    filter.wide = filter.wide && way >= WIDER;
    filter.widest = filter.widest && way == WIDEST_OF_ALL;
    memset(&batch, 0, sizeof batch);
}

static bool lies_in_a_span(uint64_t word) {
    return (word >= 0x1000 && word <= 0x1fff) || word >= 0xffffffff00000000;
}

START_TEST(words_in_the_spans_pass) {
    static const uint64_t kinds[] = {0,          0xfff,      0x1000,     0x1001,
                                     0x1fff,     0x2000,     1ull << 63, UINT64_MAX,
                                     0x0fffffff, 0xffffffff, 1ull << 32, 0xffffffff00000000};
    uint64_t random = 88172645463325252ull;
    use(_i);
    for (size_t round = 0; round < 500; round++) {
        size_t count = round % 40 + 1, expected = 0;
        uint64_t *words = malloc(count * sizeof *words), passed[40]; // so that reading more would be noticed
        for (size_t i = 0; i < count; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            words[i] = kinds[random % (sizeof kinds / sizeof *kinds)];
            if (lies_in_a_span(words[i]))
                passed[expected++] = words[i];
        }
        batch.count = 3;
        word_filter_run(&filter, words, count, SOURCE, &batch);
        ck_assert_uint_eq(batch.count, 3 + expected);
        for (size_t i = 0; i < expected; i++) {
            ck_assert_uint_eq(batch.words[3 + i], passed[i]);
            ck_assert_uint_eq(batch.sources[3 + i], SOURCE);
        }
        free(words);
    }
}
END_TEST

// Blocks in a memory at 0x10000 that is full of words that pass.
static uint64_t memory[WORDS + WORDS_PADDING / 8];

static struct block_run run_of(const struct classify_block *blocks, uint32_t until) {
    for (size_t i = 0; i < WORDS + WORDS_PADDING / 8; i++)
        memory[i] = 0x1000 + i;
    return (struct block_run){.blocks = blocks,
                              .until = until,
                              .memory = (const unsigned char *)memory,
                              .begin = 0x10000,
                              .end = 0x10000 + WORDS * 8};
}

START_TEST(a_run_goes_through_blocks_up_to_where_each_ends) {
    static const struct classify_block blocks[] = {{0x10008, 27}, {0x10030, 0}, {0x10040, 64},
                                                   {0x10050, 7},  {0x10058, 8}, {0x10100, 8}};
    static const struct {
        uint64_t word;
        uint32_t source;
    } expected[] = {{0x1001, 0}, {0x1002, 0}, {0x1003, 0}, {0x1008, 2}, {0x1009, 2}, {0x100b, 4}};
    use(_i);
    struct block_run run = run_of(blocks, 5);
    word_filter_blocks(&filter, &run, &batch);
    ck_assert_uint_eq(run.next, 5);
    ck_assert_uint_eq(run.scanned_bytes, 48);
    ck_assert_uint_eq(batch.count, 6);
    for (size_t i = 0; i < 6; i++) {
        ck_assert_uint_eq(batch.words[i], expected[i].word);
        ck_assert_uint_eq(batch.sources[i], expected[i].source);
    }
}
END_TEST

START_TEST(a_run_stops_where_the_memory_ends_and_at_what_is_not_for_it) {
    static const struct classify_block below[] = {{0xfff0, 32}, {0x10020, 8}},
                                       above[] = {{0x10000 + WORDS * 8 - 8, 16}, {0x20000, 8}},
                                       beyond[] = {{0x20000, 8}, {0x30000, 8}},
                                       unaligned[] = {{0x10004, 8}, {0x10020, 8}},
                                       large[] = {{0x10000, 8 * RUN_MOST_WORDS + 8}, {0x20000, 8}},
                                       endless[] = {{0x10000, UINT64_MAX}, {UINT64_MAX, 8}};
    const struct classify_block *all[] = {below, above, beyond, unaligned, large, endless};
    use(_i);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct block_run run = run_of(all[i], 1);
        word_filter_blocks(&filter, &run, &batch);
        ck_assert_uint_eq(run.next, 0);
        ck_assert_uint_eq(batch.count, 0);
    }
}
END_TEST

START_TEST(a_run_stops_before_the_batch_is_full) {
    static struct classify_block blocks[WORDS / 8 + 1];
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        blocks[i] = (struct classify_block){0x10000 + 64 * i, 64};
    use(_i);
    struct block_run run = run_of(blocks, WORDS / 8);
    batch.count = WORD_BATCH - 20;
    word_filter_blocks(&filter, &run, &batch);
    ck_assert_uint_eq(run.next, 2);
    ck_assert_uint_eq(batch.count, WORD_BATCH - 4);
}
END_TEST

START_TEST(remarkable_blocks_are_noted) {
    static const struct classify_block blocks[] = {{0x10000, 48}, {0x10040, 48}, {0x10080, 48}, {0x100c0, 48},
                                                   {0x10100, 7},  {0x10140, 48}, {0x10180, 48}, {0x10200, 8}};
    use(_i);
    struct block_run run = run_of(blocks, 7);
    run.tables = (struct address_spans){{{0x5000, 0x5100}, {0x7000, 0x7100}}};
    memory[0] = 40;             // as many bytes as are left
    memory[0x40 / 8] = 41;      // one too many
    memory[0x88 / 8] = 23;      // a capacity
    memory[0xc0 / 8] = 0x50f8;  // of a table's addresses
    memory[0x100 / 8] = 1;      // beyond the block
    memory[0x140 / 8] = 0x6000; // between the tables
    memory[0x180 / 8] = 0x7000;
    word_filter_blocks(&filter, &run, &batch);
    ck_assert_uint_eq(run.next, 7);
    ck_assert_uint_eq(run.noted_count, 4);
    ck_assert_uint_eq(run.noted[0], 0);
    ck_assert_uint_eq(run.noted[1], 2);
    ck_assert_uint_eq(run.noted[2], 3);
    ck_assert_uint_eq(run.noted[3], 6);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, words_in_the_spans_pass, 0, WAYS);
    tcase_add_loop_test(tests, a_run_goes_through_blocks_up_to_where_each_ends, 0, WAYS);
    tcase_add_loop_test(tests, a_run_stops_where_the_memory_ends_and_at_what_is_not_for_it, 0, WAYS);
    tcase_add_loop_test(tests, a_run_stops_before_the_batch_is_full, 0, WAYS);
    tcase_add_loop_test(tests, remarkable_blocks_are_noted, 0, WAYS);
}
SEEP_TEST_MAIN("word_filter")
