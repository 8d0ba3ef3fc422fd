// The table of frame rules gives back what was put in, through growth and removal, also to other threads.
// links: preload/frame_rules.c
// flags: -pthread

#include "preload/frame_rules.h"
#include "preload/wire/atomic.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

static uint64_t seed;

static uint64_t next_random(uint64_t *state) {
    *state += 0x9e3779b97f4a7c15;
    uint64_t x = *state;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

// The n-th address of a test: like code, in clusters of nearby addresses.
static uintptr_t nth_address(uint64_t n) {
    uint64_t cluster = n / 1000, state = cluster;
    uintptr_t base = next_random(&state) & 0x7fffffff0000;
    return base + (n % 1000) * 7 + 1;
}

// What is stored with it: any packed rule will do, so that a mix-up is seen.
static packed_rule nth_rule(uint64_t n) {
    return PACKED_SP | (packed_rule)(n % 15) << 3 | (packed_rule)(n % 1000003) << 7;
}

static struct frame_rule step_rule(uint8_t base, int32_t cfa_offset, uint8_t fp_base, int16_t fp_offset) {
    return (struct frame_rule){.kind = FRAME_STEP,
                               .cfa_base = base,
                               .ra_base = FRAME_CFA,
                               .ra_offset = -8,
                               .fp_base = fp_base,
                               .fp_offset = fp_offset,
                               .cfa_offset = cfa_offset};
}

START_TEST(ordinary_rules_are_short) {
    ck_assert_int_eq(frame_rules_start(), 0);
    struct frame_rule rule = step_rule(FRAME_SP, 8, FRAME_SAME, 0);
    packed_rule packed = frame_rules_pack(&rule);
    ck_assert_uint_eq(PACKED_KIND(packed), PACKED_SP);
    ck_assert_uint_eq(PACKED_CFA_WORDS(packed), 1);
    ck_assert_uint_eq(PACKED_FP_SLOT(packed), 0);

    rule = step_rule(FRAME_FP, 16, FRAME_CFA, -16);
    packed = frame_rules_pack(&rule);
    ck_assert_uint_eq(PACKED_KIND(packed), PACKED_FP);
    ck_assert_uint_eq(PACKED_CFA_WORDS(packed), 2);
    ck_assert_uint_eq(PACKED_FP_SLOT(packed), 1);

    rule = step_rule(FRAME_SP, 8 << 19, FRAME_CFA, -56);
    packed = frame_rules_pack(&rule);
    ck_assert_uint_eq(PACKED_KIND(packed), PACKED_SP);
    ck_assert_uint_eq(PACKED_CFA_WORDS(packed), 1 << 19);
    ck_assert_uint_eq(PACKED_FP_SLOT(packed), 6);

    rule = (struct frame_rule){.kind = FRAME_END};
    ck_assert_uint_eq(frame_rules_pack(&rule), PACKED_END);
    rule.kind = FRAME_NO_INFO;
    ck_assert_uint_eq(frame_rules_pack(&rule), PACKED_NO_INFO);
    rule.kind = FRAME_COMPLEX;
    ck_assert_uint_eq(frame_rules_pack(&rule), PACKED_COMPLEX);
}
END_TEST

START_TEST(unusual_rules_are_kept_aside_once) {
    ck_assert_int_eq(frame_rules_start(), 0);
    struct frame_rule rules[] = {
        step_rule(FRAME_SP, 8 << 20, FRAME_SAME, 0), // too large
        step_rule(FRAME_SP, 12, FRAME_SAME, 0),      // no whole words
        step_rule(FRAME_SP, -16, FRAME_SAME, 0),     // below
        step_rule(FRAME_SP, 16, FRAME_CFA, -8),      // where the return address is
        step_rule(FRAME_SP, 16, FRAME_CFA, -12),     // no whole words
        step_rule(FRAME_SP, 16, FRAME_CFA, -136),    // one word too far
        step_rule(FRAME_SP, 16, FRAME_CFA, 8),       // above
        step_rule(FRAME_FP, 16, FRAME_FP, 0),        // fp's place hangs on fp
        step_rule(FRAME_FP, 16, FRAME_LOST, 0),      // fp is not known
        step_rule(FRAME_FP_LOADED, -8, FRAME_FP, 0), // a realigned frame
        {.kind = FRAME_SIGNAL,
         .cfa_base = FRAME_SP_LOADED,
         .cfa_offset = 160,
         .ra_offset = 168,
         .fp_offset = 120},
    };
    enum { RULES = sizeof rules / sizeof *rules };
    packed_rule packed[RULES];
    for (int i = 0; i < RULES; i++) {
        packed[i] = frame_rules_pack(&rules[i]);
        ck_assert_uint_eq(PACKED_KIND(packed[i]), PACKED_ASIDE);
        for (int j = 0; j < i; j++)
            ck_assert_uint_ne(packed[i], packed[j]);
    }
    for (int i = 0; i < RULES; i++) {
        ck_assert_uint_eq(frame_rules_pack(&rules[i]), packed[i]);
        ck_assert_mem_eq(frame_rules_aside(packed[i]), &rules[i], sizeof rules[i]);
    }
}
END_TEST

START_TEST(there_is_an_end_to_the_room_aside) {
    ck_assert_int_eq(frame_rules_start(), 0);
    int kept = 0;
    for (int i = 0; i < 100000; i++) {
        struct frame_rule rule = step_rule(FRAME_SP_LOADED, i, FRAME_SAME, 0);
        packed_rule packed = frame_rules_pack(&rule);
        if (!packed)
            break;
        ck_assert_int_eq(frame_rules_aside(packed)->cfa_offset, i);
        kept++;
    }
    ck_assert_int_ge(kept, 1000);
    ck_assert_int_lt(kept, 100000);
}
END_TEST

START_TEST(a_million_rules_come_back) {
    ck_assert_uint_eq(frame_rules_find(1), 0); // before there is a table
    ck_assert_int_eq(frame_rules_start(), 0);
    enum { RULES = 1000000 };
    uint64_t wrong = 0;
    for (uint64_t n = 0; n < RULES; n++) {
        wrong += frame_rules_find(nth_address(n)) != 0;
        frame_rules_insert(nth_address(n), nth_rule(n));
    }
    ck_assert_uint_eq(frame_rules_count(), RULES);
    for (uint64_t n = 0; n < RULES; n++)
        wrong += frame_rules_find(nth_address(n)) != nth_rule(n) || frame_rules_find(nth_address(n) + 1) != 0;
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(addresses_at_the_ends_of_the_range) {
    ck_assert_int_eq(frame_rules_start(), 0);
    uintptr_t addresses[] = {0, 1, 0x7fffffffffff, 0xffffffffffff};
    for (int i = 0; i < 4; i++) {
        frame_rules_insert(addresses[i], nth_rule(i + 1));
        ck_assert_uint_eq(frame_rules_find(addresses[i]), nth_rule(i + 1));
    }
    frame_rules_insert(1ull << 48, PACKED_END);
    ck_assert_uint_eq(frame_rules_find(1ull << 48), 0); // it is 0 modulo 2^48, and must not be taken for it
    ck_assert_uint_eq(frame_rules_find(0), nth_rule(1));
}
END_TEST

START_TEST(a_range_is_removed_and_nothing_else) {
    ck_assert_int_eq(frame_rules_start(), 0);
    enum { RULES = 200000 };
    for (uint64_t n = 0; n < RULES; n++)
        frame_rules_insert(nth_address(n), nth_rule(n));
    // Cluster 5, but for its first and last addresses.
    uintptr_t start = nth_address(5001), end = nth_address(5999);
    frame_rules_remove(start, end);
    uint64_t wrong = 0;
    for (uint64_t n = 0; n < RULES; n++) {
        bool removed = nth_address(n) >= start && nth_address(n) < end;
        wrong += frame_rules_find(nth_address(n)) != (removed ? 0 : nth_rule(n));
    }
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_eq(frame_rules_count(), RULES - 998);
    frame_rules_insert(start, PACKED_END);
    ck_assert_uint_eq(frame_rules_find(start), PACKED_END);
}
END_TEST

enum { SHARED_RULES = 150000, READERS = 3 };
static uint64_t
    inserted; // rules [0, inserted) are in the table and stay, but those in the range removed again and again
static uint64_t done;

// A rule below `inserted` is found and is the right one; above it is right or not there.
static void *read_rules(void *argument) {
    uint64_t state = (uintptr_t)argument, wrong = 0;
    while (!atomic_load_acquire(&done)) {
        uint64_t limit = atomic_load_acquire(&inserted);
        uint64_t n = next_random(&state) % SHARED_RULES;
        packed_rule found = frame_rules_find(nth_address(n));
        bool comes_and_goes = n % 1000 >= 990;
        wrong += found ? found != nth_rule(n) : n < limit && !comes_and_goes;
    }
    return (void *)wrong;
}

START_TEST(readers_see_whole_rules_while_a_writer_works) {
    ck_assert_int_eq(frame_rules_start(), 0);
    pthread_t readers[READERS];
    for (uintptr_t i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&readers[i], NULL, read_rules, (void *)(i + 1)), 0);
    for (uint64_t n = 0; n < SHARED_RULES; n++) {
        frame_rules_insert(nth_address(n), nth_rule(n));
        atomic_store_release(&inserted, n + 1);
        if (n % 20000 == 19999)
            frame_rules_remove(nth_address(n - 9), nth_address(n) + 1);
    }
    atomic_store_release(&done, 1);
    for (int i = 0; i < READERS; i++) {
        void *wrong;
        pthread_join(readers[i], &wrong);
        ck_assert_ptr_null(wrong);
    }
}
END_TEST

START_TEST(random_inserts_and_removals_agree_with_a_plain_array) {
    ck_assert_int_eq(frame_rules_start(), 0);
    enum { CLUSTERS = 50, ADDRESSES = CLUSTERS * 1000, ROUNDS = 3000000 };
    static packed_rule expected[ADDRESSES];
    uint64_t wrong = 0;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t n = next_random(&seed) % ADDRESSES;
        wrong += frame_rules_find(nth_address(n)) != expected[n];
        if (!expected[n]) {
            expected[n] = nth_rule(next_random(&seed));
            frame_rules_insert(nth_address(n), expected[n]);
        } else if (round % 10000 == 0) {
            frame_rules_remove(nth_address(n), nth_address(n) + 1);
            expected[n] = 0;
        }
    }
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, ordinary_rules_are_short);
    tcase_add_test(tests, unusual_rules_are_kept_aside_once);
    tcase_add_test(tests, there_is_an_end_to_the_room_aside);
    tcase_add_test(tests, a_million_rules_come_back);
    tcase_add_test(tests, addresses_at_the_ends_of_the_range);
    tcase_add_test(tests, a_range_is_removed_and_nothing_else);
    tcase_add_test(tests, readers_see_whole_rules_while_a_writer_works);
    tcase_add_test(tests, random_inserts_and_removals_agree_with_a_plain_array);
}
SEEP_TEST_MAIN("frame rules")
