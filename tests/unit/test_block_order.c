// links: analyzer/verdict/block_order.c analyzer/live.c analyzer/live_order.c analyzer/live_history.c analyzer/live_recent.c analyzer/live_table.c analyzer/live_pool.c
// Live blocks of every kind of heap come out ascending, each with its size, and each is found again from the
// order in which it was visited.
#include "analyzer/verdict/block_order.h"
#include "tests/lib/suite.h"

#include <stdbool.h>

enum { MANY = 200000 };

static const size_t counts[] = {0, 1, 2, 64, 65, 3000, MANY};
enum { COUNTS = sizeof counts / sizeof *counts };

static uint64_t random_word(void) {
    return (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
}

static uint64_t any(size_t i) {
    (void)i;
    return random_word();
}
static uint64_t as_in_a_heap(size_t i) {
    (void)i;
    return 0x7f1234000000 + random_word() % (1 << 22) * 16;
}
static uint64_t two_heaps(size_t i) {
    return i % 3 ? 0x55d0c0a00010 + 48 * i : 0x7f1234000010 + random_word() % (1 << 20) * 32;
}
static uint64_t any_byte(size_t i) {
    (void)i;
    return 0x7f1234000000 + random_word() % (1 << 20);
}
static uint64_t ascending(size_t i) {
    return 0x5600 + 64 * i;
}
static uint64_t descending(size_t i) {
    return UINT64_MAX - 8 * i;
}
static uint64_t at_the_end_of_addresses(size_t i) {
    return ((1ull << 47) + 4 * MANY) - 8 * i; // the last that a program can have, and the first beyond
}
static uint64_t (*const kinds[])(size_t) = {
    any, as_in_a_heap, two_heaps, any_byte, ascending, descending, at_the_end_of_addresses};
enum { KINDS = sizeof kinds / sizeof *kinds };

struct visits {
    const struct block_order *order;
    size_t count;
    bool good;
};

static void look_up(void *context, const struct live_block *block) {
    struct visits *visits = context;
    uint32_t place = visits->order->places[visits->count++];
    visits->good = visits->good && place < visits->order->count &&
                   visits->order->blocks[place].address == block->address &&
                   visits->order->blocks[place].bytes == block->bytes;
}

// One assertion for all: they cost more than what is tested.
static bool is_ascending(const struct block_order *order) {
    for (size_t i = 1; i < order->count; i++)
        if (order->blocks[i - 1].address >= order->blocks[i].address)
            return false;
    return true;
}

// Every fifth block has been given back, and its place in the set may have been taken by a later one.
static struct live_set *make_set(uint64_t (*address)(size_t), size_t count) {
    struct live_set *set = live_new(0);
    for (size_t i = 0; i < count; i++) {
        struct wire_record record = {
            .address = address(i), .epoch = i, .bytes = i % 1000, .kind = RECORD_ACQUIRE};
        live_apply(set, &record);
        record.kind = RECORD_RELEASE;
        if (i % 5 == 4)
            live_apply(set, &record);
    }
    live_settle(set);
    return set;
}

START_TEST(blocks_come_out_ascending) {
    srand((unsigned)_i + 1);
    struct live_set *set = make_set(kinds[_i / COUNTS], counts[_i % COUNTS]);
    struct live_counts held;
    live_count(set, &held);
    struct block_order order = block_order_of(set);
    ck_assert_uint_eq(order.count, held.live_blocks);
    ck_assert(is_ascending(&order));
    struct visits visits = {&order, 0, true};
    live_each(set, look_up, &visits);
    ck_assert(visits.good);
    ck_assert_uint_eq(visits.count, order.count);
    block_order_free(&order);
    live_free(set);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, blocks_come_out_ascending, 0, KINDS * COUNTS);
}
SEEP_TEST_MAIN("block_order")
