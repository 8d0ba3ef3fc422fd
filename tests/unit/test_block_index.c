// links: analyzer/verdict/block_index.c analyzer/verdict/block_find.c analyzer/verdict/instructions.c
// links: analyzer/verdict/address_spans.c analyzer/verdict/arrays.c
//
// What a word points to against a search through all blocks, with the instructions of this processor and with
// the plain ones: blocks that are close, far apart, aligned to nothing, that overlap, that have no bytes,
// that reach over many regions, and at the top of the address space.
#include "analyzer/verdict/block_index.h"

#include "tests/lib/effort.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BLOCKS = 4000, HEAPS = 60, FEW_HEAPS = 12, WORDS = 3000 };
#define MiB ((uint64_t)1 << 20)

static struct classify_block blocks[MOST_BLOCKS];
static size_t block_count;
static uint64_t random_state = 88172645463325252ull;

static uint64_t draw(uint64_t below) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

static void setup(void) {
    block_count = 0;
}

static void block(uint64_t address, uint64_t bytes) {
    blocks[block_count++] = (struct classify_block){address, bytes};
}

static uint32_t expected(uint64_t word, uint64_t *offset) {
    for (size_t i = block_count; i-- > 0;) {
        if (blocks[i].address > word)
            continue;
        *offset = word - blocks[i].address;
        enum index_place place = *offset == 0                 ? PLACE_START
                                 : *offset == blocks[i].bytes ? PLACE_END
                                                              : PLACE_INSIDE;
        return *offset > blocks[i].bytes ? NO_HIT : (uint32_t)(i << PLACE_BITS | place);
    }
    return NO_HIT;
}

static bool is_in_span(const struct block_index *index, uint64_t word) {
    for (int i = 0; i < 2; i++)
        if (word >= index->spans.span[i].first && word <= index->spans.span[i].last)
            return true;
    return false;
}

static void ask(struct block_index *index, const uint64_t *words, size_t count) {
    uint64_t asked[INDEX_BATCH];
    uint32_t hits[INDEX_BATCH];
    size_t asked_count = 0;
    for (size_t i = 0; i < count; i++)
        if (is_in_span(index, words[i]))
            asked[asked_count++] = words[i];
    uint64_t before[INDEX_BATCH];
    memcpy(before, asked, sizeof before);
    block_index_find(index, asked, asked_count, hits);
    for (size_t i = 0; i < asked_count; i++) {
        uint64_t offset = 0;
        uint32_t hit = expected(before[i], &offset);
        ck_assert_msg(hits[i] == hit, "%#llx: block %u place %u, not %u place %u",
                      (unsigned long long)before[i], hits[i] >> PLACE_BITS, hits[i] & 3, hit >> PLACE_BITS,
                      hit & 3);
        if (hit != NO_HIT && (hit & 3) == PLACE_INSIDE)
            ck_assert_uint_eq(asked[i], offset);
    }
}

static void ask_both_ways(struct block_index *index, const uint64_t *words, size_t count) {
    bool wide = index->wide;
    for (size_t done = 0; done < count; done += INDEX_BATCH) {
        size_t part = count - done < INDEX_BATCH ? count - done : INDEX_BATCH;
        index->wide = false;
        ask(index, words + done, part);
        index->wide = wide;
        ask(index, words + done, part);
    }
}

// Words at and about every block's begin and end, about borders of regions, and anywhere.
static void check(void) {
    static uint64_t words[12 * MOST_BLOCKS + WORDS];
    struct block_index index;
    size_t count = 0;
    ck_assert_int_eq(block_index_make(&index, blocks, block_count), 0);
    for (size_t i = 0; i < block_count; i++) {
        uint64_t begin = blocks[i].address, end = begin + blocks[i].bytes;
        uint64_t places[] = {begin - 1,
                             begin,
                             begin + 1,
                             begin + 8,
                             end - 1,
                             end,
                             end + 1,
                             end + 8,
                             begin + blocks[i].bytes / 2,
                             begin | 127,
                             end | (2 * MiB - 1),
                             (begin | (2 * MiB - 1)) + 1};
        memcpy(words + count, places, sizeof places);
        count += sizeof places / sizeof *places;
    }
    uint64_t first = blocks[0].address, width = blocks[block_count - 1].address - first;
    for (size_t i = 0; i < WORDS; i++)
        words[count++] = first + (width ? draw(width) : 0) + draw(100);
    ask_both_ways(&index, words, count);
    block_index_free(&index);
}

START_TEST(random_blocks_are_found) {
    size_t heaps = effort_is_small() ? FEW_HEAPS : HEAPS;
    for (size_t heap = 0; heap < heaps; heap++) {
        setup();
        size_t count = 1 + draw(draw(3) ? 40 : MOST_BLOCKS / 4);
        uint64_t at = (1 + draw(100)) * 8 * MiB + draw(5) * 8 + (draw(4) ? 0 : draw(8));
        uint64_t step = (uint64_t)1 << draw(9), largest = (uint64_t)1 << draw(16), far = draw(60);
        for (size_t i = 0; i < count; i++) {
            block(at, draw(20) ? draw(largest) : 0);
            at += step * (1 + draw(8));
            if (draw(3)) // else it may reach into the next one
                at = blocks[i].address + blocks[i].bytes + 1 + (draw(2) ? draw(step) : 0);
            if (draw(2))
                at = (at + step - 1) & ~(step - 1);
            if (far > 20 && draw(30) == 0)
                at += 1ull << draw(far > 45 ? 46 : far);
        }
        check();
    }
}
END_TEST

START_TEST(pieces_of_16_bytes_all_over_regions) {
    for (uint64_t i = 0; i < MOST_BLOCKS; i++)
        block(6 * MiB - MOST_BLOCKS / 2 * 16 + 16 * i, i % 17);
    check();
}
END_TEST

START_TEST(large_blocks_lie_over_many_regions) {
    block(0x7f0000000010, 3 * MiB);
    block(0x7f0000000010 + 3 * MiB + 8, 4096 * MiB); // and more than a table of them
    block(0x7f0000000010 + 5000 * MiB, 2 * MiB - 16);
    block(0x7f0000000010 + 9000 * MiB, 0);
    check();
}
END_TEST

START_TEST(one_past_the_end_is_another_regions_first_byte) {
    block(4 * MiB - 64, 64);
    block(8 * MiB - 64, 64);
    block(8 * MiB, 64);
    check();
}
END_TEST

START_TEST(small_ones_beside_a_large_one_take_little_memory) {
    for (uint64_t i = 0; i < 100; i++) {
        block(i << 32 | 16, 8);
        block(i << 32 | 24, 1ull << 31);
    }
    check();
    struct block_index index;
    ck_assert_int_eq(block_index_make(&index, blocks, block_count), 0);
    ck_assert_uint_lt(block_index_memory(&index), 16 * MiB);
    block_index_free(&index);
}
END_TEST

START_TEST(the_whole_address_space_is_fine) {
    block(0, 0);
    block(1, 7);
    block(16, 1ull << 62);
    block(3ull << 62, 100);
    block(UINT64_MAX - 4096, 64);
    block(UINT64_MAX - 64, 64);
    check();
    setup();
    block(0x1000, UINT64_MAX - 1);
    block(UINT64_MAX, 0);
    check();
    setup();
    block(0x1000, UINT64_MAX);
    struct block_index index;
    uint64_t words[] = {0x1000, 0x1008, UINT64_MAX, 1ull << 63};
    ck_assert_int_eq(block_index_make(&index, blocks, block_count), 0);
    ask_both_ways(&index, words, sizeof words / sizeof *words);
    block_index_free(&index);
}
END_TEST

START_TEST(what_does_not_ascend_is_refused) {
    struct block_index index;
    block(0x2000, 1);
    block(0x2000, 1);
    ck_assert_int_eq(block_index_make(&index, blocks, block_count), -EINVAL);
    ck_assert_int_eq(block_index_make(&index, blocks, CLASSIFY_MOST_BLOCKS + 1), -EINVAL);
    blocks[1].address = 0x1000;
    ck_assert_int_eq(block_index_make(&index, blocks, block_count), -EINVAL);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_set_timeout(tests, 0); // a long run is the caller's wish
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, random_blocks_are_found);
    tcase_add_test(tests, pieces_of_16_bytes_all_over_regions);
    tcase_add_test(tests, large_blocks_lie_over_many_regions);
    tcase_add_test(tests, one_past_the_end_is_another_regions_first_byte);
    tcase_add_test(tests, small_ones_beside_a_large_one_take_little_memory);
    tcase_add_test(tests, the_whole_address_space_is_fine);
    tcase_add_test(tests, what_does_not_ascend_is_refused);
}
SEEP_TEST_MAIN("block_index")
