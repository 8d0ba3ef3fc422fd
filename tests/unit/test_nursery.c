// links: preload/record.c preload/thread.c preload/attach.c preload/stack.c preload/stack_memo.c
// links: preload/stack_compare.c preload/stack_table.c preload/unwind.c preload/unwind_step.c
// links: preload/go_modules.c preload/go_rules.c preload/unwind_go.c
// links: preload/unwind_learn.c preload/unwind_objects.c preload/unwind_gate.c preload/derive.c
// links: preload/frame_rules.c analyzer/family.c
// flags: -pthread
//
// What one thread's calls leave in its nursery and in its ring, one behaviour a test; and what becomes of an
// event that a signal handler interrupts and forks in, or never returns to.
#include "analyzer/family.h"
#include "preload/attach.h"
#include "preload/epoch.h"
#include "preload/module.h"
#include "preload/nursery.h"
#include "preload/record.h"
#include "preload/thread.h"
#include "preload/unwind_step.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct family *family;
static struct wire_board *page;
static void (*within)(void); // called in the middle of the next event
static uintptr_t next_site = 0x5ee9000000;

uint32_t module_unload_count;

// In place of module.c: called within an event whose stack is new.
uint32_t module_of(struct module_identity *scratch, uintptr_t address) {
    (void)scratch;
    (void)address;
    void (*call)(void) = within;
    within = NULL;
    if (call)
        call();
    return 0;
}

static void set_up(void) {
    struct family_options options = {.track = WIRE_TRACK_HEAP,
                                     .ring_slots = 16,
                                     .depth = 64,
                                     .follow = 1,
                                     .address_space = (uint64_t)8 * 64 << 20};
    family = family_new(&options);
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(family && page != MAP_FAILED);
    unwind_stacks_note();
    attach_prepare();
    ck_assert_int_eq(attach_first(family->memory, page), 0);
}

// ---- helpers ----

static void acquire(const void *block, size_t bytes) {
    struct frame_state caller = {.pc = next_site++, .sp = 64};
    record_acquire(CALL_malloc, block, bytes, &caller);
}

static void release(const void *block) {
    record_release(CALL_free, block);
}

static void move(const void *from, const void *to, size_t bytes) {
    struct frame_state caller = {.pc = next_site++, .sp = 64};
    struct record_move begun = record_move_begin(from);
    record_move(CALL_realloc, from, &begun, to, bytes, &caller);
}

static const struct wire_ring *ring_of(uint32_t extent) {
    return &family_thread(family, extent)->ring;
}

static struct wire_record sent(uint32_t extent, uint64_t at) {
    ck_assert_uint_lt(at, ring_of(extent)->head);
    return family_slots(family, extent)[at % family->ring_slots];
}

static void handle_by(void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
}

static void empty_ring(uint32_t extent) {
    struct wire_ring *ring = &family_thread(family, extent)->ring;
    ring->tail = ring->head;
}

static unsigned held_back(uint32_t extent, const void *block) {
    const struct wire_nursery *nursery = family_nursery(family, extent);
    unsigned found = 0;
    for (int way = 0; way < NURSERY_WAYS; way++)
        found += nursery->owners[nursery_set((uintptr_t)block)][way] == (uintptr_t)block;
    return found;
}

static uint32_t lost(void) {
    return attach_process()->lost_records;
}

// The number-th address of one set of the nursery; if of is given, of its epoch bucket too.
static const void *address(unsigned number, const void *of) {
    for (uintptr_t at = 0x10000000;; at += 16)
        if (nursery_set(at) == 77 && (const void *)at != of &&
            (!of || epoch_of((const void *)at) == epoch_of(of)) && number-- == 0)
            return (const void *)at;
}

// ---- one thread ----

START_TEST(a_pair_is_cancelled_and_counted) {
    const void *block = address(0, NULL);
    uint64_t epoch = epoch_read(block);
    acquire(block, 100);
    ck_assert_uint_eq(held_back(0, block), 1);
    release(block);
    ck_assert_uint_eq(held_back(0, block), 0);
    ck_assert_uint_eq(ring_of(0)->head, 0);
    ck_assert_uint_eq(epoch_read(block), epoch);
    ck_assert_uint_eq(family_nursery(family, 0)->cancelled, 1);
    ck_assert_uint_eq(family_nursery(family, 0)->cancelled_bytes, 100);
}
END_TEST

START_TEST(the_oldest_of_a_full_set_is_sent) {
    for (unsigned i = 0; i <= NURSERY_WAYS; i++)
        acquire(address(i, NULL), i);
    ck_assert_uint_eq(ring_of(0)->head, 1);
    struct wire_record first = sent(0, 0);
    ck_assert_uint_eq(first.address, (uintptr_t)address(0, NULL));
    ck_assert_uint_eq(first.kind, RECORD_ACQUIRE);
    for (unsigned i = 0; i <= NURSERY_WAYS; i++)
        ck_assert_uint_eq(held_back(0, address(i, NULL)), i > 0);
    release(address(0, NULL));
    ck_assert_uint_eq(ring_of(0)->head, 2);
    ck_assert_uint_eq(sent(0, 1).kind, RECORD_RELEASE);
    ck_assert_uint_eq(sent(0, 1).epoch, first.epoch);
}
END_TEST

START_TEST(an_epoch_that_moved_sends_both_sides) {
    const void *block = address(0, NULL), *neighbour = address(0, block);
    acquire(block, 1);
    release(neighbour); // unknown to the nursery, so it moves the bucket that they share
    release(block);
    ck_assert_uint_eq(ring_of(0)->head, 3);
    struct wire_record a = sent(0, 1), r = sent(0, 2);
    ck_assert(a.kind == RECORD_ACQUIRE && r.kind == RECORD_RELEASE);
    ck_assert(a.address == (uintptr_t)block && r.address == (uintptr_t)block);
    ck_assert_uint_lt(a.epoch, r.epoch);
    ck_assert_uint_eq(held_back(0, block), 0);
}
END_TEST

START_TEST(a_block_recorded_twice_is_held_once) {
    const void *block = address(0, NULL);
    for (unsigned i = 1; i < 3; i++)
        acquire(address(i, NULL), i); // so that the second record does not find the same place by chance
    acquire(block, 10);
    release(address(1, NULL));
    acquire(block, 20); // calloc's, around malloc's
    ck_assert_uint_eq(held_back(0, block), 1);
    release(block);
    ck_assert_uint_eq(held_back(0, block), 0);
    ck_assert_uint_eq(ring_of(0)->head, 0);
    ck_assert_uint_eq(family_nursery(family, 0)->cancelled_bytes, 20 + 1);
}
END_TEST

START_TEST(a_failed_move_puts_its_block_back) {
    const void *block = address(0, NULL);
    acquire(block, 33);
    struct record_move begun = record_move_begin(block);
    ck_assert_uint_eq(held_back(0, block), 0);
    record_move_failed(&begun);
    ck_assert_uint_eq(held_back(0, block), 1);
    release(block);
    ck_assert_uint_eq(family_nursery(family, 0)->cancelled_bytes, 33);
    ck_assert_uint_eq(ring_of(0)->head, 0);
}
END_TEST

START_TEST(moves_in_place_and_away_cancel) {
    const void *block = address(0, NULL), *other = address(1, NULL);
    acquire(block, 1);
    move(block, block, 2);
    move(block, other, 4);
    ck_assert_uint_eq(held_back(0, block), 0);
    ck_assert_uint_eq(held_back(0, other), 1);
    release(other);
    ck_assert_uint_eq(ring_of(0)->head, 0);
    ck_assert_uint_eq(family_nursery(family, 0)->cancelled, 3);
    ck_assert_uint_eq(family_nursery(family, 0)->cancelled_bytes, 7);
}
END_TEST

static bool shows_move(void) {
    return ring_of(0)->moving & 1;
}

static void move_within(int signal) {
    (void)signal;
    const void *block = address(1, NULL);
    move(block, block, 1);
    release(block);
}

START_TEST(a_move_shows_while_its_release_is_late) {
    struct frame_state caller = {.pc = next_site++, .sp = 64};
    const void *block = address(0, NULL);
    handle_by(move_within, 0);
    acquire(address(2, NULL), 1);
    for (int way_to_end = 0; way_to_end < 3; way_to_end++) {
        ck_assert(!shows_move());
        struct record_move begun = record_move_begin(block); // not in the nursery
        ck_assert(shows_move());
        raise(SIGUSR1);
        ck_assert(shows_move());
        if (way_to_end == 0)
            record_move(CALL_realloc, block, &begun, address(3, NULL), 1, &caller);
        else if (way_to_end == 1)
            record_move_released(CALL_realloc, block, &begun);
        else
            record_move_failed(&begun);
    }
    ck_assert(!shows_move());
    struct record_move cancelled = record_move_begin(address(2, NULL));
    ck_assert(!shows_move()); // nothing will be sent of it
    record_move_failed(&cancelled);
}
END_TEST

// ---- handlers ----

static sigjmp_buf back;

static void jump_out(int signal) {
    (void)signal;
    acquire(address(9, NULL), 1); // within the event that was interrupted
    siglongjmp(back, 1);
}

static void strike(void) {
    raise(SIGUSR1);
}

static __attribute__((noinline)) void interrupted_event(unsigned number) {
    acquire(address(number, NULL), 1);
    ck_abort_msg("the handler was to jump");
}

START_TEST(events_that_handlers_jump_out_of_cost_nothing_later) {
    if (_i) {
        static char room[64 * 1024];
        stack_t alternate = {.ss_sp = room, .ss_size = sizeof room};
        ck_assert_int_eq(sigaltstack(&alternate, NULL), 0);
    }
    handle_by(jump_out, _i ? SA_ONSTACK : 0);
    for (volatile unsigned i = 0; i < 5 * THREAD_LEVELS; i = i + 1) {
        within = strike;
        if (sigsetjmp(back, 1) == 0)
            interrupted_event(i % 4);
        release(address(9, NULL));
        ck_assert_uint_eq(thread_self.depth, 0);
        empty_ring(0);
        empty_ring(1);
    }
    ck_assert_uint_eq(lost(), 0);
    uint64_t cancelled = family_nursery(family, 0)->cancelled;
    acquire(address(5, NULL), 1);
    release(address(5, NULL));
    ck_assert_uint_eq(family_nursery(family, 0)->cancelled, cancelled + 1);
}
END_TEST

static void nest(int signal) {
    (void)signal;
    uint32_t depth = thread_self.depth;
    ck_assert_uint_ge(depth, 1);
    if (depth < 4)
        within = strike;
    acquire(address(20 + depth, NULL), depth);
    ck_assert_uint_eq(thread_self.depth, depth);
}

// The alternate stack lies in a frame that is older than the event: above it, though the event goes on.
START_TEST(handlers_on_a_stack_above_are_within_their_event) {
    char room[256 * 1024];
    stack_t alternate = {.ss_sp = room, .ss_size = sizeof room};
    ck_assert_int_eq(sigaltstack(&alternate, NULL), 0);
    handle_by(nest, SA_ONSTACK | SA_NODEFER);
    within = strike;
    acquire(address(0, NULL), 1);
    ck_assert_uint_eq(held_back(0, address(0, NULL)), 1);
    for (uint32_t level = 1; level < 5; level++)
        ck_assert_uint_eq(held_back(level, address(20 + level, NULL)), 1);
    ck_assert_uint_eq(thread_self.depth, 0);
    ck_assert_uint_eq(lost(), 0);
}
END_TEST

// Right behind the real call: the address is free, and its release not yet over.
START_TEST(an_address_that_is_acquired_within_its_release_is_released_again) {
    const void *block = address(0, NULL), *neighbour = address(0, block);
    acquire(block, 1);
    const void *outer = record_release_begin(CALL_free, block);
    acquire(block, 2); // a handler's
    release(neighbour);
    release(block); // its epoch has moved, so it can't be cancelled
    record_release_end(block, outer);
    ck_assert_uint_eq(ring_of(0)->head, 3);
    ck_assert_uint_eq(sent(0, 2).kind, RECORD_RELEASE);
    ck_assert_uint_eq(sent(0, 2).address, (uintptr_t)block);
}
END_TEST

START_TEST(a_release_within_its_own_release_is_recorded_once) {
    const void *block = address(0, NULL);
    const void *outer = record_release_begin(CALL_free, block);
    release(block);
    record_release_end(block, outer);
    ck_assert_uint_eq(ring_of(0)->head, 1);
    release(block);
    ck_assert_uint_eq(ring_of(0)->head, 2);
}
END_TEST

// ---- forks within an event ----

static pid_t child;

// As init.c's handlers do.
static void fork_here(void) {
    thread_before_fork();
    child = fork();
    if (child == 0)
        thread_after_fork_in_child();
    else
        thread_after_fork_in_parent();
}

static uint32_t live_extent_of(uint32_t slot) {
    for (uint32_t i = 0; i < family->extent_count; i++)
        if (*family_extent_state(family, i) == SLOT_LIVE && family_thread(family, i)->process_slot == slot)
            return i;
    return UINT32_MAX;
}

START_TEST(a_child_forked_within_an_event_records_for_itself) {
    for (unsigned i = 0; i < NURSERY_WAYS; i++)
        acquire(address(i, NULL), 1);
    uint64_t before = ring_of(0)->head;
    within = fork_here;
    acquire(address(5, NULL), 5); // the fifth of its set: one is sent
    if (child == 0) {
        // The parent's thread ended meanwhile, and its extent may be taken by anybody.
        *family_extent_state(family, 0) = SLOT_FREE;
        acquire(address(6, NULL), 6);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(ring_of(0)->head, before + 1); // once, by the parent
    ck_assert_uint_eq(held_back(0, address(5, NULL)), 1);
    ck_assert_uint_eq(held_back(0, address(6, NULL)), 0);
    uint32_t extent = live_extent_of(1);
    ck_assert_uint_ne(extent, UINT32_MAX);
    ck_assert_uint_ne(extent, 0);
    ck_assert_uint_eq(held_back(extent, address(6, NULL)), 1);
    ck_assert_uint_eq(held_back(extent, address(5, NULL)), 0);
}
END_TEST

// The parent would wait for the analyzer, so it plays it as soon as the child is made.
static void fork_and_drain(void) {
    fork_here();
    if (child)
        empty_ring(0);
}

START_TEST(a_child_goes_on_with_an_event_although_the_ring_is_full) {
    for (unsigned i = 0; i < NURSERY_WAYS; i++)
        acquire(address(i, NULL), 1);
    while (ring_of(0)->head < family->ring_slots - 1)
        release(address(100, NULL)); // nobody reads them
    acquire(address(4, NULL), 4);
    ck_assert_uint_eq(ring_of(0)->head, family->ring_slots);
    within = fork_and_drain;
    acquire(address(5, NULL), 5);
    if (child == 0) {
        acquire(address(6, NULL), 6);
        _exit(attach_page->state != ATTACH_ON);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(ring_of(0)->head, family->ring_slots + 1);
}
END_TEST

START_TEST(a_move_forked_in_its_middle_is_no_release_of_the_child) {
    const void *block = address(0, NULL);
    acquire(block, 10);
    struct record_move begun = record_move_begin(block);
    fork_here();
    if (child == 0) {
        attach_on();
        record_move_failed(&begun);
        acquire(address(1, NULL), 1);
        uint32_t extent = live_extent_of(attach_page->slot);
        _exit(held_back(extent, block) != 0 || held_back(extent, address(1, NULL)) != 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    record_move_failed(&begun);
    ck_assert_uint_eq(held_back(0, block), 1);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, a_pair_is_cancelled_and_counted);
    tcase_add_test(tests, the_oldest_of_a_full_set_is_sent);
    tcase_add_test(tests, an_epoch_that_moved_sends_both_sides);
    tcase_add_test(tests, a_block_recorded_twice_is_held_once);
    tcase_add_test(tests, a_failed_move_puts_its_block_back);
    tcase_add_test(tests, moves_in_place_and_away_cancel);
    tcase_add_test(tests, a_move_shows_while_its_release_is_late);
    tcase_add_loop_test(tests, events_that_handlers_jump_out_of_cost_nothing_later, 0, 2);
    tcase_add_test(tests, handlers_on_a_stack_above_are_within_their_event);
    tcase_add_test(tests, an_address_that_is_acquired_within_its_release_is_released_again);
    tcase_add_test(tests, a_release_within_its_own_release_is_recorded_once);
    tcase_add_test(tests, a_child_forked_within_an_event_records_for_itself);
    tcase_add_test(tests, a_child_goes_on_with_an_event_although_the_ring_is_full);
    tcase_add_test(tests, a_move_forked_in_its_middle_is_no_release_of_the_child);
}
SEEP_TEST_MAIN("nursery")
