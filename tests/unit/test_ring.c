// links: preload/record.c preload/record_numbered.c preload/unwind_gate.c preload/thread.c preload/attach.c analyzer/drain.c analyzer/family.c analyzer/turnover.c analyzer/table.c
// flags: -pthread
// Producers on the shim's real path, the analyzer's real reading, in one process and over rings of a few
// slots: each record arrives once and whole, a thread's releases arrive in its order, and what does not
// arrive was cancelled.
#include "analyzer/board.h"
#include "analyzer/drain.h"
#include "analyzer/process.h"
#include "analyzer/vector.h"
#include "preload/attach.h"
#include "preload/record_numbered.h"
#include "preload/stack.h"
#include "preload/unwind_step.h"
#include "preload/wire/atomic.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { THREADS = 3, BLOCKS = 64, STEPS = 20000, STEPS_FEW = 2000, FIRST_RELEASE_CALL = 100 };

// In place of the walk: the block's number is its stack, so that a record proves itself. Set by the thread
// that records.
static __thread uint32_t next_stack;

uint32_t stack_capture(struct thread *thread, const struct frame_state *caller) {
    (void)thread;
    (void)caller;
    return next_stack;
}

uint32_t stack_of_address(struct thread *thread, const void *address) {
    (void)thread;
    (void)address;
    return next_stack;
}

void stack_memo_begin(struct stack_memo *memo) {
    (void)memo;
}

// Nothing here jumps out of an event.
struct stack_bounds unwind_bounds(uintptr_t sp) {
    (void)sp;
    return (struct stack_bounds){.top = UINTPTR_MAX};
}

uint32_t phase = PHASE_READY;
static struct wire_board the_board;

// In place of the live set: keeps all that arrives, in order.
static struct wire_record *arrived;
static size_t arrived_count, arrived_room;

size_t live_apply_many(struct live_set *set, const struct wire_record *records, size_t count) {
    (void)set;
    if (arrived_count + count > arrived_room) {
        arrived_room = 2 * (arrived_room + count);
        arrived = realloc(arrived, arrived_room * sizeof *arrived);
    }
    memcpy(arrived + arrived_count, records, count * sizeof *records);
    arrived_count += count;
    return 0;
}

// In place of the ledger.
static struct wire_record *numbered;
static size_t numbered_count, numbered_room;

void ledger_take(struct ledger *ledger, const struct wire_record *record) {
    (void)ledger;
    *VECTOR_PUSH(numbered, numbered_count, numbered_room) = *record;
}

void live_end_round(struct live_set *set) {
    (void)set;
}

bool process_is_gone(const struct process *process) {
    (void)process;
    return false;
}

static struct family *family;
static char live_set; // only its being there counts: the double above doesn't look
static struct process process = {.pidfd = -1, .live = (struct live_set *)&live_set};
static uint32_t steps, producing;

static void setup_with(uint32_t slots) {
    family = family_new(&(struct family_options){.ring_slots = slots,
                                                 .depth = 64,
                                                 .follow = true,
                                                 .track = WIRE_TRACK_HEAP | WIRE_TRACK_FD,
                                                 .address_space = (uint64_t)512 << 20});
    ck_assert_ptr_nonnull(family);
    attach_prepare();
    ck_assert_int_eq(attach_first(family->memory, &the_board), 0);
    process.family = family;
    process.pid = getpid();
    family->by_slot[0] = &process;
    family->live_processes = 1;
}

struct producer {
    uint32_t number;
    uint64_t seed;
    uint64_t acquired, released, acquired_bytes;
    uint32_t next_serial;
    uint64_t last_address[BLOCKS];
};

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

// A block's number is unique; its bytes say the number again.
static void *block_at(uint32_t thread, uint32_t index) {
    return (void *)(((uintptr_t)thread + 1) << 32 | (uintptr_t)(index + 1) << 4);
}

static size_t bytes_of(uint32_t serial) {
    return (size_t)serial * 7 + 1;
}

static void acquire(struct producer *p, void *block) {
    next_stack = p->number << 24 | ++p->next_serial;
    record_acquire((uint8_t)(p->number + 1), block, bytes_of(next_stack), NULL);
    p->acquired++;
    p->acquired_bytes += bytes_of(next_stack);
}

static void move(struct producer *p, void *block, void *fresh) {
    struct record_move move = record_move_begin(block);
    next_stack = p->number << 24 | ++p->next_serial;
    record_move((uint8_t)(FIRST_RELEASE_CALL + p->number), block, &move, fresh, bytes_of(next_stack), NULL);
    p->acquired++;
    p->acquired_bytes += bytes_of(next_stack);
    p->released++;
}

static void *produce(void *argument) {
    struct producer *p = argument;
    bool held[BLOCKS] = {false};
    for (uint32_t i = 0; i < steps; i++) {
        uint64_t random = next_random(&p->seed);
        uint32_t at = random % BLOCKS, other = (random >> 8) % BLOCKS;
        if (!held[at]) {
            acquire(p, block_at(p->number, at));
            held[at] = true;
        } else if (!held[other] && random >> 60 < 5) {
            move(p, block_at(p->number, at), block_at(p->number, other));
            held[at] = false;
            held[other] = true;
        } else if (random >> 60 < 6) {
            struct record_move failed = record_move_begin(block_at(p->number, at));
            record_move_failed(&failed);
        } else {
            record_release((uint8_t)(FIRST_RELEASE_CALL + p->number), block_at(p->number, at));
            held[at] = false;
            p->released++;
        }
        if (random >> 56 ==
            7) { // somebody else's block: never in our nursery, so this release always travels
            record_release((uint8_t)(FIRST_RELEASE_CALL + p->number), block_at(p->number + THREADS, at));
            p->released++;
        }
    }
    atomic_add_acq_rel(&producing, -1u);
    return NULL;
}

static void check_whole(const struct wire_record *record) {
    if (record->kind == RECORD_ACQUIRE) {
        ck_assert_uint_eq(record->bytes, bytes_of(record->stack));
        uint32_t thread = record->stack >> 24;
        ck_assert(record->call == thread + 1 || record->call == FIRST_RELEASE_CALL + thread); // or by a move
        ck_assert_uint_eq(record->address >> 32, thread + 1);
    } else {
        ck_assert_uint_eq(record->kind, RECORD_RELEASE);
        ck_assert_uint_eq(record->bytes | record->stack, 0);
        uint32_t thread = record->call - FIRST_RELEASE_CALL;
        ck_assert_uint_lt(thread, THREADS);
        ck_assert_uint_eq((record->address >> 32) % THREADS, (thread + 1) % THREADS);
    }
}

// Nobody else touches a thread's addresses, so the epochs of one address only rise in its thread's order.
static void check_order(const struct wire_record *records, size_t count) {
    static uint64_t last[2 * THREADS + 1][BLOCKS + 1];
    memset(last, 0, sizeof last);
    for (size_t i = 0; i < count; i++) {
        if (records[i].kind != RECORD_RELEASE)
            continue;
        uint64_t *epoch = &last[records[i].address >> 32][records[i].address >> 4 & (2 * BLOCKS - 1)];
        ck_assert_uint_ge(records[i].epoch, *epoch);
        *epoch = records[i].epoch + 1;
    }
}

static void check_arrivals(const struct producer *producers) {
    uint64_t acquired = 0, released = 0, bytes = 0, sent_acquires = 0, sent_releases = 0, sent_bytes = 0;
    uint8_t *seen = calloc(THREADS << 24, 1);
    for (size_t i = 0; i < arrived_count; i++) {
        check_whole(&arrived[i]);
        if (arrived[i].kind == RECORD_ACQUIRE) {
            ck_assert_msg(!seen[arrived[i].stack], "block %x arrived twice", arrived[i].stack);
            seen[arrived[i].stack] = 1;
            acquired++;
            bytes += arrived[i].bytes;
        } else {
            released++;
        }
    }
    free(seen);
    check_order(arrived, arrived_count);
    for (int i = 0; i < THREADS; i++) {
        sent_acquires += producers[i].acquired;
        sent_releases += producers[i].released;
        sent_bytes += producers[i].acquired_bytes;
    }
    ck_assert_uint_eq(acquired + process.cancelled, sent_acquires);
    ck_assert_uint_eq(released + process.cancelled, sent_releases);
    ck_assert_uint_eq(bytes + process.cancelled_bytes, sent_bytes);
    ck_assert_uint_gt(released, 0);
    ck_assert_uint_gt(process.cancelled, 0);
    ck_assert_uint_eq(family_process(family, 0)->lost_records, 0);
}

static void run_model(uint32_t slots, uint64_t seed) {
    setup_with(slots);
    struct producer producers[THREADS] = {0};
    pthread_t threads[THREADS];
    atomic_store_release(&producing, THREADS);
    for (uint32_t i = 0; i < THREADS; i++) {
        producers[i].number = i;
        producers[i].seed = seed * THREADS + i + 0x9e3779b97f4a7c15ull;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    while (atomic_load_acquire(&producing)) {
        atomic_add_relaxed(&the_board.heartbeat_ns, 1);
        drain_round(family);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    drain_process(family, &process, true);
    check_arrivals(producers);
    family_free(family);
    free(arrived);
}

START_TEST(every_record_arrives_once_and_whole) {
    static const uint32_t slots[] = {4, 8, 64, WIRE_RING_SLOTS};
    steps = _i % 4 ? STEPS_FEW : STEPS;
    run_model(slots[_i % 4], (uint64_t)_i);
}
END_TEST

// A descriptor's number says whose event it is and the how many-th; between two of them goes a block, which
// must not be mistaken for one.
static void *produce_numbered(void *argument) {
    uint32_t number = (uint32_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < steps; i++) {
        record_opened(CALL_open, (int)(number << 24 | i), 0, NULL);
        record_release(CALL_free, block_at(number, 1));
        record_taken_back(CALL_close, record_closed(CALL_close, (int)(number << 24 | i), 1, NULL), i, 0);
    }
    atomic_add_acq_rel(&producing, -1u);
    return NULL;
}

static int compare_numbers(const void *left, const void *right) {
    const struct wire_record *a = left, *b = right;
    return a->epoch < b->epoch ? -1 : a->epoch > b->epoch;
}

static void check_numbered(void) {
    uint32_t next[THREADS] = {0};
    uint64_t closed = 0;
    qsort(numbered, numbered_count, sizeof *numbered, compare_numbers);
    ck_assert_uint_eq(numbered_count, (size_t)THREADS * steps * 3);
    for (size_t i = 0; i < numbered_count; i++) {
        const struct wire_record *record = &numbered[i];
        ck_assert_uint_eq(record->epoch, i + 1);
        if (record->kind == RECORD_TAKEN_BACK) {
            ck_assert_uint_lt(record->address, record->epoch);
            ck_assert_uint_eq(numbered[record->address - 1].kind, RECORD_CLOSED);
            continue;
        }
        uint32_t thread = (uint32_t)record->address >> 24;
        ck_assert_uint_lt(thread, THREADS);
        ck_assert_uint_eq(record->address & 0xffffff, next[thread]);
        next[thread] += record->kind == RECORD_CLOSED;
        closed += record->kind == RECORD_CLOSED;
    }
    ck_assert_uint_eq(closed, (uint64_t)THREADS * steps);
    ck_assert_uint_eq(arrived_count, (size_t)THREADS * steps);
}

START_TEST(numbers_are_dense_and_in_each_threads_order) {
    static const uint32_t slots[] = {4, 64, WIRE_RING_SLOTS};
    pthread_t threads[THREADS];
    steps = STEPS_FEW;
    setup_with(slots[_i]);
    atomic_store_release(&producing, THREADS);
    for (uintptr_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, produce_numbered, (void *)i), 0);
    while (atomic_load_acquire(&producing)) {
        atomic_add_relaxed(&the_board.heartbeat_ns, 1);
        drain_round(family);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    drain_process(family, &process, true);
    check_numbered();
    family_free(family);
    free(arrived);
    free(numbered);
}
END_TEST

START_TEST(what_is_not_tracked_is_not_recorded) {
    setup_with(16);
    record_mapped(CALL_open, &family, 1, 0, NULL);
    ck_assert_uint_eq(record_unmapped(CALL_open, &family, 1, 0, NULL), 0);
    record_taken_back(CALL_open, 0, 0, 0);
    tracked = 0;
    record_opened(CALL_open, 1, 0, NULL);
    record_acquire(CALL_malloc, block_at(0, 1), 1, NULL);
    record_release(CALL_free, block_at(0, 2));
    drain_process(family, &process, true);
    ck_assert_uint_eq(arrived_count, 0);
    ck_assert_uint_eq(numbered_count, 0);
    family_free(family);
}
END_TEST

static void record_four_more_than_fit(void) {
    next_stack = 1;
    for (uint32_t i = 0; i < 8; i++)
        record_release(CALL_free, block_at(0, i));
}

START_TEST(a_producer_stops_waiting_when_the_analyzer_is_gone) {
    setup_with(4);
    if (_i == 0)
        the_board.life = BOARD_OWNER_DIED;
    else
        the_board.closed = 1;
    record_four_more_than_fit();
    ck_assert(!attach_on());
    ck_assert_uint_ge(family_process(family, 0)->lost_records, 1);
    drain_process(family, &process, true);
    ck_assert_uint_ge(arrived_count, 3); // what was committed is not lost
    family_free(family);
}
END_TEST

START_TEST(a_child_of_a_program_that_left_does_not_attach) {
    setup_with(4);
    the_board.closed = 1;
    record_four_more_than_fit();
    the_board.closed = 0;
    memset(attach_page, 0, sizeof *attach_page); // as the kernel wipes it in a forked child
    ck_assert(!attach_on());
    ck_assert_uint_eq(family_process(family, 1)->state, SLOT_FREE);
    family_free(family);
}
END_TEST

static void *record_one(void *unused) {
    (void)unused;
    record_release(CALL_free, block_at(0, 1));
    return NULL;
}

static void in_a_thread(void) {
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, record_one, NULL), 0);
    pthread_join(thread, NULL);
}

START_TEST(an_ended_threads_extent_serves_the_next) {
    setup_with(16);
    process.pidfd = 0; // known to live: the double of process_is_gone says so
    for (uint32_t i = 1; i <= 20; i++) {
        in_a_thread();
        drain_round(family);
        while (family->extents[0].owner) // the id of a joined thread goes away a moment later
            drain_reap_threads(family);
        ck_assert_uint_eq(arrived_count, i);
    }
    ck_assert_uint_eq(family->memory->extents_used, 1);
    family_free(family);
}
END_TEST

START_TEST(extents_of_a_program_that_runs_on_stay_its_own) {
    setup_with(16);
    in_a_thread();
    drain_process(family, &process, false);
    ck_assert_uint_eq(arrived_count, 1);
    ck_assert_uint_eq(*family_extent_state(family, 0), SLOT_LIVE);
    drain_process(family, &process, true);
    ck_assert_uint_eq(arrived_count, 1);
    ck_assert_uint_eq(*family_extent_state(family, 0), SLOT_FREE);
    family_free(family);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, every_record_arrives_once_and_whole, 0, 24);
    tcase_add_loop_test(tests, numbers_are_dense_and_in_each_threads_order, 0, 3);
    tcase_add_test(tests, what_is_not_tracked_is_not_recorded);
    tcase_add_loop_test(tests, a_producer_stops_waiting_when_the_analyzer_is_gone, 0, 2);
    tcase_add_test(tests, a_child_of_a_program_that_left_does_not_attach);
    tcase_add_test(tests, an_ended_threads_extent_serves_the_next);
    tcase_add_test(tests, extents_of_a_program_that_runs_on_stay_its_own);
}
SEEP_TEST_MAIN("ring")
