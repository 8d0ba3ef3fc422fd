// links: analyzer/live.c analyzer/live_order.c analyzer/live_history.c analyzer/live_recent.c analyzer/live_table.c analyzer/live_pool.c
// The live set, rule by rule, and its bounds: what it matches in which order of arrival, what it counts, what
// it costs.
#include "analyzer/live.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static struct live_set *set;
static struct live_counts counts;

static void open_set(void) {
    set = live_new(0);
}

static void close_set(void) {
    live_free(set);
}

static struct wire_record record_of(uint8_t kind, uint64_t address, uint64_t epoch, uint64_t bytes) {
    return (struct wire_record){.address = address,
                                .epoch = epoch,
                                .bytes = bytes,
                                .stack = (uint32_t)bytes + 1,
                                .kind = kind,
                                .call = kind == RECORD_ACQUIRE ? CALL_malloc : CALL_free};
}

static void acquire(uint64_t address, uint64_t epoch, uint64_t bytes) {
    struct wire_record record = record_of(RECORD_ACQUIRE, address, epoch, bytes);
    ck_assert_int_eq(live_apply(set, &record), 0);
}

static void release(uint64_t address, uint64_t epoch) {
    struct wire_record record = record_of(RECORD_RELEASE, address, epoch, 0);
    ck_assert_int_eq(live_apply(set, &record), 0);
}

static void end_rounds(unsigned rounds) {
    while (rounds-- > 0)
        live_end_round(set);
}

struct seen {
    unsigned blocks;
    struct live_block last;
};

static void see(void *context, const struct live_block *block) {
    struct seen *seen = context;
    seen->blocks++;
    seen->last = *block;
}

// The only block that is live, after settling.
static struct live_block only_block(void) {
    struct seen seen = {0};
    live_settle(set);
    live_each(set, see, &seen);
    ck_assert_uint_eq(seen.blocks, 1);
    return seen.last;
}

static void expect(uint64_t live_blocks, uint64_t live_bytes, uint64_t waiting, uint64_t superseded) {
    live_count(set, &counts);
    ck_assert_uint_eq(counts.live_blocks, live_blocks);
    ck_assert_uint_eq(counts.live_bytes, live_bytes);
    ck_assert_uint_eq(counts.waiting_releases, waiting);
    ck_assert_uint_eq(counts.superseded, superseded);
    ck_assert_uint_eq(counts.acquired - (counts.released - waiting) - superseded, live_blocks);
}

struct visited {
    const struct live_place *places;
    size_t count;
    bool same;
};

static void compare(void *context, const struct live_block *block) {
    struct visited *visited = context;
    const struct live_place *place = &visited->places[visited->count++];
    visited->same = visited->same && place->address == block->address && place->bytes == block->bytes;
}

START_TEST(places_come_in_pieces_in_the_order_of_the_visit) {
    struct live_place places[64] = {{0, 0}};
    for (uint64_t i = 0; i < 40; i++)
        acquire(0x1000 + 16 * i, i + 1, i);
    for (uint64_t i = 0; i < 40; i += 3)
        release(0x1000 + 16 * i, 100); // leaves holes
    acquire(0x1010, 200, 7);           // a history, its first release is late
    release(0x1010, 150);
    acquire(0x9000, 300, 5);
    acquire(0x9000, 310, 6);
    release(0x9000, 320); // a history that holds nothing
    live_settle(set);
    uint32_t from = 0;
    size_t count = 0;
    for (size_t piece; (piece = live_places(set, &from, places + count, 7)) > 0; count += piece)
        ck_assert_uint_le(piece, 7);
    live_count(set, &counts);
    ck_assert_uint_eq(count, counts.live_blocks);
    struct visited visited = {places, 0, true};
    live_each(set, compare, &visited);
    ck_assert(visited.same);
    ck_assert_uint_eq(visited.count, count);
}
END_TEST

START_TEST(a_block_is_live_until_its_release) {
    acquire(0x1000, 3, 24);
    acquire(0x2000, 3, 0);
    expect(2, 24, 0, 0);
    release(0x1000, 4);
    expect(1, 0, 0, 0);
    struct live_block block = only_block();
    ck_assert_uint_eq(block.address, 0x2000);
    ck_assert_uint_eq(block.bytes, 0);
    ck_assert_uint_eq(block.stack, 1);
    ck_assert_uint_eq(block.call, CALL_malloc);
}
END_TEST

START_TEST(a_release_and_an_acquire_of_one_epoch_match) {
    acquire(0x1000, 3, 24);
    release(0x1000, 3);
    release(0x2000, 3);
    acquire(0x2000, 3, 24);
    expect(0, 0, 0, 0);
}
END_TEST

START_TEST(a_release_read_first_waits_for_its_acquire) {
    release(0x1000, 5);
    expect(0, 0, 1, 0);
    end_rounds(10);
    acquire(0x1000, 5, 24);
    expect(0, 0, 0, 0);
    live_count(set, &counts);
    ck_assert_uint_eq(counts.peak_bytes, 0);
}
END_TEST

START_TEST(an_unmatched_free_never_cancels_a_later_acquire) {
    release(0x1000, 5);
    acquire(0x1000, 6, 24);
    expect(1, 24, 1, 0);
    end_rounds(3);
    release(0x1000, 9);
    expect(0, 0, 1, 0);
    end_rounds(3);
    acquire(0x1000, 10, 48);
    ck_assert_uint_eq(only_block().bytes, 48);
    expect(1, 48, 1, 0);
}
END_TEST

START_TEST(an_earlier_release_that_arrives_later_takes_its_acquire_back) {
    acquire(0x1000, 5, 24);
    release(0x1000, 7);
    expect(0, 0, 0, 0);
    end_rounds(1);
    release(0x1000, 5);
    expect(0, 0, 1, 0);
    end_rounds(5);
    acquire(0x1000, 6, 32); // held back for long: the later release has waited for it
    expect(0, 0, 0, 0);
}
END_TEST

START_TEST(a_late_acquire_takes_the_oldest_release_not_below_it) {
    release(0x1000, 9);
    release(0x1000, 5);
    release(0x1000, 7);
    acquire(0x1000, 6, 24); // the release at 7
    expect(0, 0, 2, 0);
    acquire(0x1000, 10, 32);
    expect(1, 32, 2, 0);
    acquire(0x1000, 8, 40); // the release at 9
    expect(1, 32, 1, 0);
    ck_assert_uint_eq(only_block().bytes, 32);
}
END_TEST

START_TEST(a_release_takes_the_newest_acquire_not_above_it) {
    acquire(0x1000, 2, 10);
    acquire(0x1000, 6, 30);
    acquire(0x1000, 4, 20);
    release(0x1000, 5); // 4
    release(0x1000, 3); // 2
    expect(1, 30, 0, 0);
    ck_assert_uint_eq(only_block().bytes, 30);
}
END_TEST

// An allocator whose calloc calls malloc through the PLT: the hooks record the block twice.
START_TEST(a_block_recorded_twice_at_one_epoch_is_one_block_at_once) {
    acquire(0x1000, 5, 24);
    acquire(0x1000, 5, 25);
    expect(1, 25, 0, 1);
    release(0x1000, 5);
    expect(0, 0, 0, 1);
    acquire(0x1000, 6, 26);
    acquire(0x1000, 6, 27);
    ck_assert_uint_eq(only_block().bytes, 27);
    expect(1, 27, 0, 2);
}
END_TEST

START_TEST(a_block_recorded_twice_at_two_epochs_is_one_block_at_the_end) {
    acquire(0x1000, 5, 24);
    acquire(0x1000, 6, 25);
    expect(1, 25, 0, 1);
    ck_assert_uint_eq(only_block().bytes, 25);
    expect(1, 25, 0, 1);
}
END_TEST

START_TEST(a_superseded_block_gets_its_release_back_whenever_it_comes) {
    acquire(0x1000, 5, 24);
    acquire(0x1000, 7, 25);
    release(0x1000, 8);
    expect(0, 0, 0, 1);
    end_rounds(10);
    release(0x1000, 9); // not the first one's: another acquire is known to have come in between
    expect(0, 0, 1, 1);
    release(0x1000, 6); // a thread sat between the two sides of a realloc
    expect(0, 0, 1, 0);
}
END_TEST

START_TEST(the_peak_is_the_highest_sum_and_waiting_releases_do_not_move_it) {
    for (unsigned i = 0; i < 100; i++)
        release(0x100000 + i * 64, i);
    acquire(0x1000, 100, 1000);
    acquire(0x2000, 100, 500);
    release(0x1000, 100);
    acquire(0x3000, 101, 600);
    for (unsigned i = 0; i < 100; i++)
        acquire(0x100000 + i * 64, i, 1 << 20);
    live_count(set, &counts);
    ck_assert_uint_eq(counts.live_bytes, 1100);
    ck_assert_uint_eq(counts.peak_bytes, 1500);
}
END_TEST

START_TEST(what_is_no_record_changes_nothing) {
    struct wire_record records[3] = {record_of(0, 0x1000, 1, 1), record_of(3, 0x1000, 1, 1),
                                     record_of(255, 0x1000, 1, 1)};
    ck_assert_int_eq(live_apply(set, &records[0]), -EINVAL);
    ck_assert_uint_eq(live_apply_many(set, records, 3), 3);
    expect(0, 0, 0, 0);
    live_count(set, &counts);
    ck_assert_uint_eq(counts.acquired + counts.released + counts.acquired_bytes, 0);
}
END_TEST

// Whatever arrives, in whatever order: as long as nothing was forgotten, the result is that of a replay in
// the true order.
enum { MIX_ADDRESSES = 6, MIX_EPOCHS = 24, MIX_RECORDS = 150, MIX_RUNS = 3000 };

static uint64_t random_state = 88172645463325252ull;

static uint64_t pick(uint64_t below) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 11) % below;
}

struct replay {
    bool held[MIX_ADDRESSES];
    uint64_t bytes[MIX_ADDRESSES];
    uint64_t waiting, superseded;
};

static void replay_one(struct replay *replay, const struct wire_record *record) {
    if (record->kind == RECORD_RELEASE) {
        replay->waiting += !replay->held[record->address];
        replay->held[record->address] = false;
        return;
    }
    replay->superseded += replay->held[record->address];
    replay->held[record->address] = true;
    replay->bytes[record->address] = record->bytes;
}

static void replay_in_order(struct replay *replay, const struct wire_record *records) {
    for (unsigned epoch = 0; epoch < MIX_EPOCHS; epoch++)
        for (uint8_t kind = RECORD_ACQUIRE; kind <= RECORD_RELEASE; kind++)
            for (unsigned i = 0; i < MIX_RECORDS; i++)
                if (records[i].epoch == epoch && records[i].kind == kind)
                    replay_one(replay, &records[i]);
}

static void compare_block(void *context, const struct live_block *block) {
    struct replay *replay = context;
    ck_assert_uint_lt(block->address, MIX_ADDRESSES);
    ck_assert(replay->held[block->address]);
    ck_assert_uint_eq(replay->bytes[block->address], block->bytes);
    replay->held[block->address] = false; // seen: a second time would fail
}

START_TEST(any_order_of_arrival_gives_what_the_true_order_gives) {
    for (unsigned run = 0; run < MIX_RUNS; run++) {
        static struct wire_record records[MIX_RECORDS];
        struct replay replay = {0};
        struct live_set *mixed = live_new(0);
        uint64_t held = 0, bytes = 0;
        for (unsigned i = 0; i < MIX_RECORDS; i++)
            records[i] = record_of(pick(2) ? RECORD_ACQUIRE : RECORD_RELEASE, pick(MIX_ADDRESSES),
                                   pick(MIX_EPOCHS), pick(1000));
        live_apply_many(mixed, records, MIX_RECORDS);
        replay_in_order(&replay, records);
        for (unsigned i = 0; i < MIX_ADDRESSES; i++) {
            held += replay.held[i];
            bytes += replay.held[i] ? replay.bytes[i] : 0;
        }
        live_count(mixed, &counts);
        ck_assert_uint_eq(counts.live_blocks, held);
        ck_assert_uint_eq(counts.live_bytes, bytes);
        ck_assert_uint_eq(counts.waiting_releases, replay.waiting);
        ck_assert_uint_eq(counts.superseded, replay.superseded);
        live_settle(mixed);
        live_each(mixed, compare_block, &replay);
        for (unsigned i = 0; i < MIX_ADDRESSES; i++)
            ck_assert(!replay.held[i]);
        live_free(mixed);
    }
}
END_TEST

// Large sets: looking ahead, growing and emptying give what one record at a time gives, in any order of
// release.
enum { MANY = 200000 };

static void release_all(struct wire_record *records, unsigned order) {
    for (unsigned i = 0; i < MANY; i++) {
        unsigned other = order == 2 ? (unsigned)pick(i + 1) : i;
        records[i] = records[other];
        records[other] = record_of(RECORD_RELEASE, 0x10000 + (order == 1 ? MANY - 1 - i : i) * 4096ull, 1, 0);
    }
    ck_assert_uint_eq(live_apply_many(set, records, MANY), 0);
}

START_TEST(many_blocks_come_and_go_in_any_order) {
    struct wire_record *records = calloc(MANY, sizeof *records);
    for (unsigned order = 0; order < 3; order++) {
        for (unsigned i = 0; i < MANY; i++)
            records[i] = record_of(RECORD_ACQUIRE, 0x10000 + i * 4096ull, 1, 8);
        end_rounds(2); // the pairs of the pass before have equal epochs: they must be final
        ck_assert_uint_eq(live_apply_many(set, records, MANY), 0);
        expect(MANY, 8 * MANY, 0, 0);
        release_all(records, order);
        expect(0, 0, 0, 0);
    }
    free(records);
}
END_TEST

START_TEST(a_live_block_costs_at_most_48_bytes) {
    for (unsigned i = 1; i <= 1200000; i++) {
        acquire(0x10000 + i * 48ull, 0, 24);
        if (i >= 20000)
            ck_assert_uint_le(live_memory(set), 48ull * i);
    }
}
END_TEST

START_TEST(memory_follows_live_blocks_not_events) {
    size_t early = 0;
    for (uint64_t epoch = 1; epoch <= 1000000; epoch++) {
        acquire(0x1000 + epoch % 100 * 64, epoch, 24);
        release(0x1000 + epoch % 100 * 64, epoch);
        if (epoch % 1000 == 0)
            end_rounds(1);
        if (epoch == 10000)
            early = live_memory(set);
    }
    ck_assert_uint_le(live_memory(set), early);
}
END_TEST

START_TEST(memory_follows_live_blocks_when_acquires_come_late) {
    size_t early = 0;
    for (uint64_t i = 1; i <= 200000; i++) {
        release(i * 64, 2);
        release(i * 64, 4);
        if (i > 100) {
            acquire((i - 100) * 64, 1, 24);
            acquire((i - 100) * 64, 3, 24);
        }
        end_rounds(1);
        if (i == 1000)
            early = live_memory(set);
    }
    ck_assert_uint_le(live_memory(set), early);
    expect(0, 0, 200, 0);
}
END_TEST

START_TEST(memory_is_bounded_when_no_release_is_ever_seen) {
    for (uint64_t epoch = 0; epoch < 1000000; epoch++) {
        acquire(0x1000, epoch, 24);
        if (epoch % 1000 == 0)
            end_rounds(1);
    }
    expect(1, 24, 0, 999999);
    ck_assert_uint_le(live_memory(set), 8 << 20);
    ck_assert_uint_eq(only_block().bytes, 24);
}
END_TEST

// One address, 100,000 releases that wait, their acquires in reverse and mixed order: no step may look at all
// of them. A quadratic one would need minutes.
START_TEST(one_address_may_have_any_number_of_waiting_releases) {
    enum { HOT = 100000 };
    for (uint64_t i = 0; i < HOT; i++)
        release(0x1000, 2 * (i * 7919 % HOT) + 1);
    expect(0, 0, HOT, 0);
    for (uint64_t i = 0; i < HOT; i++)
        acquire(0x1000, 2 * (HOT - 1 - i), 24);
    expect(0, 0, 0, 0);
    end_rounds(2);
    acquire(0x1000, 2 * HOT, 24);
    ck_assert_uint_eq(only_block().bytes, 24);
}
END_TEST

START_TEST(extreme_values_are_values_like_any_other) {
    acquire(0, UINT64_MAX, UINT64_MAX);
    acquire(UINT64_MAX, 0, 1);
    release(0, UINT64_MAX);
    release(UINT64_MAX, UINT64_MAX);
    release(UINT64_MAX, UINT64_MAX);
    acquire(0, 0, 7);
    release(0, 0);
    expect(0, 0, 1, 0);
}
END_TEST

static void count_block(void *context, const struct live_block *block) {
    size_t *parts = context; // of the addresses, a tenth each
    parts[block->address / 16000]++;
}

START_TEST(some_blocks_are_a_few_from_everywhere) {
    for (uint64_t i = 0; i < 10000; i++)
        live_apply(set, &(struct wire_record){
                            .address = 16 * i, .bytes = 1, .call = CALL_malloc, .kind = RECORD_ACQUIRE});
    live_settle(set);
    size_t all[10] = {0}, some[10] = {0};
    live_some(set, 10000, count_block, all);
    live_some(set, 500, count_block, some);
    size_t sum = 0;
    for (size_t i = 0; i < 10; i++) {
        ck_assert_uint_eq(all[i], 1000);
        ck_assert_uint_ge(some[i], 10);
        sum += some[i];
    }
    ck_assert_uint_le(sum, 500);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, open_set, close_set);
    tcase_add_test(tests, a_block_is_live_until_its_release);
    tcase_add_test(tests, places_come_in_pieces_in_the_order_of_the_visit);
    tcase_add_test(tests, a_release_and_an_acquire_of_one_epoch_match);
    tcase_add_test(tests, a_release_read_first_waits_for_its_acquire);
    tcase_add_test(tests, an_unmatched_free_never_cancels_a_later_acquire);
    tcase_add_test(tests, an_earlier_release_that_arrives_later_takes_its_acquire_back);
    tcase_add_test(tests, a_late_acquire_takes_the_oldest_release_not_below_it);
    tcase_add_test(tests, a_release_takes_the_newest_acquire_not_above_it);
    tcase_add_test(tests, a_block_recorded_twice_at_one_epoch_is_one_block_at_once);
    tcase_add_test(tests, a_block_recorded_twice_at_two_epochs_is_one_block_at_the_end);
    tcase_add_test(tests, a_superseded_block_gets_its_release_back_whenever_it_comes);
    tcase_add_test(tests, the_peak_is_the_highest_sum_and_waiting_releases_do_not_move_it);
    tcase_add_test(tests, what_is_no_record_changes_nothing);
    tcase_add_test(tests, any_order_of_arrival_gives_what_the_true_order_gives);
    tcase_add_test(tests, many_blocks_come_and_go_in_any_order);
    tcase_add_test(tests, a_live_block_costs_at_most_48_bytes);
    tcase_add_test(tests, memory_follows_live_blocks_not_events);
    tcase_add_test(tests, memory_follows_live_blocks_when_acquires_come_late);
    tcase_add_test(tests, memory_is_bounded_when_no_release_is_ever_seen);
    tcase_add_test(tests, one_address_may_have_any_number_of_waiting_releases);
    tcase_add_test(tests, some_blocks_are_a_few_from_everywhere);
    tcase_add_test(tests, extreme_values_are_values_like_any_other);
}
SEEP_TEST_MAIN("live")
