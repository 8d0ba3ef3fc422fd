// links: analyzer/ledger/sequence.c
// Events come back in order, whatever the order of arrival; gaps hold nothing up for ever.
#include "analyzer/ledger/sequence.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdlib.h>

enum { EVENTS = 20000 };

static uint64_t handed[EVENTS + 10];
static size_t handed_count, handed_in_all;

static void sink(void *context, const struct wire_record *record) {
    ck_assert_ptr_eq(context, &handed_count);
    if (handed_count < EVENTS + 10)
        handed[handed_count++] = record->epoch;
    handed_in_all++;
}

static void take(struct sequence *sequence, uint64_t number) {
    sequence_take(sequence, &(struct wire_record){.epoch = number, .kind = RECORD_OPENED});
}

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

// As it comes from rings: each is in order, and they are read in turns of any length.
START_TEST(rings_read_in_turns_come_back_in_order) {
    uint64_t random = (uint64_t)_i + 77;
    static uint8_t ring_of[EVENTS + 1];
    uint32_t at[8];
    for (int i = 1; i <= EVENTS; i++)
        ring_of[i] = next_random(&random) % 8;
    for (int i = 0; i < 8; i++)
        at[i] = 1;
    struct sequence sequence;
    sequence_begin(&sequence, sink, &handed_count);
    for (size_t given = 0; given < EVENTS;) {
        uint32_t ring = next_random(&random) % 8, turn = next_random(&random) % 500;
        for (; turn && at[ring] <= EVENTS; at[ring]++)
            if (ring_of[at[ring]] == ring) {
                take(&sequence, at[ring]);
                given++;
                turn--;
            }
    }
    ck_assert_uint_eq(handed_count, EVENTS); // nothing waits for the end
    for (size_t i = 0; i < EVENTS; i++)
        ck_assert_uint_eq(handed[i], i + 1);
    sequence_settle(&sequence);
    ck_assert_uint_eq(sequence.gaps | sequence.late, 0);
    sequence_free(&sequence);
}
END_TEST

START_TEST(a_gap_waits_for_the_end_and_no_longer) {
    struct sequence sequence;
    sequence_begin(&sequence, sink, &handed_count);
    take(&sequence, 1);
    take(&sequence, 5);
    take(&sequence, 3);
    ck_assert_uint_eq(handed_count, 1);
    sequence_settle(&sequence);
    ck_assert_uint_eq(handed_count, 3);
    ck_assert_uint_eq(handed[1], 3);
    ck_assert_uint_eq(handed[2], 5);
    ck_assert_uint_eq(sequence.gaps, 2);
    sequence_free(&sequence);
}
END_TEST

START_TEST(what_waits_behind_a_gap_is_bounded) {
    struct sequence sequence;
    sequence_begin(&sequence, sink, &handed_count);
    for (uint64_t i = 2; i < SEQUENCE_WAITING + 100; i++)
        take(&sequence, i);
    ck_assert_uint_gt(handed_in_all, SEQUENCE_WAITING);
    ck_assert_uint_eq(sequence.count, 0);
    take(&sequence, 1); // it comes all the same
    ck_assert_uint_eq(handed_in_all, SEQUENCE_WAITING + 99);
    ck_assert_uint_eq(sequence.late, 1);
    ck_assert_uint_eq(sequence.gaps, 1);
    sequence_free(&sequence);
}
END_TEST

START_TEST(numbers_that_make_no_sense_are_survived) {
    static const uint64_t numbers[] = {0, UINT64_MAX, 1, 1, UINT64_MAX, UINT64_MAX - 1, 2, 0, UINT64_MAX};
    struct sequence sequence;
    sequence_begin(&sequence, sink, &handed_count);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        take(&sequence, numbers[i]);
    sequence_settle(&sequence);
    take(&sequence, 7);
    sequence_settle(&sequence);
    ck_assert_uint_eq(handed_in_all, sizeof numbers / sizeof *numbers + 1);
    sequence_free(&sequence);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, rings_read_in_turns_come_back_in_order, 0, 10);
    tcase_add_test(tests, a_gap_waits_for_the_end_and_no_longer);
    tcase_add_test(tests, what_waits_behind_a_gap_is_bounded);
    tcase_add_test(tests, numbers_that_make_no_sense_are_survived);
}
SEEP_TEST_MAIN("sequence")
