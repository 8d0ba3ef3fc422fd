// A program in miniature for the model test of the recording half: threads that acquire, give back and move
// blocks of a simulated allocator, with the real record.c underneath, and what is true about the blocks kept
// beside it.
//
// The allocator hands out a few made-up addresses, so that each is reused all the time and by all threads;
// they lie in few sets of the nursery and share epoch counters. Its lock orders the calls as a real
// allocator's would. Signals may come at any instruction of the recording; the handler acquires and gives
// back too.
//
// The truth lies in shared memory, for the test to compare with after the program was killed: then a thread's
// intents say which addresses it was busy with.
#pragma once

#include "preload/attach.h"
#include "preload/epoch.h"
#include "preload/nursery.h"
#include "preload/record.h"
#include "preload/thread.h"
#include "preload/wire/atomic.h"
#include "tests/unit/pest.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum {
    WORLD_ADDRESSES = 96,
    WORLD_SETS = 3, // of the nursery; more addresses in each than the nurseries of all threads hold
    WORLD_SITES = 4096,
    WORLD_WORKERS = 8,
    WORLD_NESTING = 5, // handlers within handlers
    WORLD_MAILBOXES = 16,
    WORLD_HELD = 24, // blocks that a worker holds at most, roughly
    WORLD_FORKS = 300,
    WORLD_CHILD_EVENTS = 300,
};
#define WORLD_SITE_PC 0x5ee9000000ull

// What is true. Written by the program, read by the test when the program has ended or was killed.
struct truth {
    uint32_t pid;
    uint32_t complete; // 1: the program came to its end, so no intent is open
    uint32_t doubts;   // events that a handler forked in the middle of, in the child: the parent's, unless it
                       // forked before they had begun to be recorded
    bool doubtful[WORLD_ADDRESSES];
    struct {
        uint64_t count, bytes;
    } acquired_at[WORLD_SITES];
    struct cell {
        uint64_t bytes;
        uint32_t site;
        uint32_t held; // by the program; what it inherited over fork is its parent's
    } cell[WORLD_ADDRESSES];
    struct account {
        uint64_t acquired, acquired_bytes, released, unmatched;
        uint32_t intent[WORLD_NESTING + 1][2]; // addresses an event is busy with, plus 1
    } account[WORLD_WORKERS];
};

// Private memory of each process.
static struct {
    pthread_mutex_t lock;
    uint32_t unused[WORLD_ADDRESSES], unused_count;
    uint32_t estate[WORLD_ADDRESSES], estate_count; // blocks that ended workers left behind
    bool inherited[WORLD_ADDRESSES];
} heap = {.lock = PTHREAD_MUTEX_INITIALIZER};
static uint32_t mailbox[WORLD_MAILBOXES]; // block plus 1; program data that passes blocks between threads
static uintptr_t address_of_index[WORLD_ADDRESSES];
static struct truth *truth;  // of this process
static struct truth *truths; // [WORLD_FORKS + 1], the first is the first process's
static uint32_t *forks;      // made so far, by all processes
static uint32_t forks_wanted;
static bool is_child;

struct worker {
    uint64_t random;
    uint64_t made, events; // so far, to be made
    uint32_t number;
    uint32_t nesting;
    struct pest pest; // not started: only raised signals interrupt
    uint32_t mine[WORLD_ADDRESSES], mine_count;
    bool busy;  // with what a handler must not touch: everything but recording
    bool quiet; // raises no signals
    uint64_t nested;
};
static __thread struct worker *me;

static uint32_t pick(struct worker *worker, uint32_t below) {
    worker->random = worker->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(worker->random >> 33) % below;
}

static inline const void *block_at(uint32_t index) {
    return (const void *)address_of_index[index];
}

// Addresses of the same few sets; within a set, every other one shares the epoch of the first.
__attribute__((unused)) static void world_choose_addresses(void) {
    for (uint32_t set = 0, at = 0; set < WORLD_SETS; set++) {
        const uint64_t *first = NULL;
        for (uint32_t have = 0, address = 0x10000000; have < WORLD_ADDRESSES / WORLD_SETS; address += 16) {
            const void *block = (const void *)(uintptr_t)address;
            if (nursery_set(address) != 100 + set || (have % 2 && epoch_of(block) != first))
                continue;
            first = first ? first : epoch_of(block);
            address_of_index[at++] = address;
            have++;
        }
    }
}

__attribute__((unused)) static void world_begin(void) {
    heap.unused_count = heap.estate_count = 0;
    memset(heap.inherited, 0, sizeof heap.inherited);
    memset(mailbox, 0, sizeof mailbox);
    for (uint32_t i = 0; i < WORLD_ADDRESSES; i++)
        heap.unused[heap.unused_count++] = i;
}

// ---- the real allocator's part ----

static bool heap_take(uint32_t *out) {
    pthread_mutex_lock(&heap.lock);
    bool found = heap.unused_count > 0;
    if (found) {
        uint32_t at = pick(me, heap.unused_count);
        *out = heap.unused[at];
        heap.unused[at] = heap.unused[--heap.unused_count];
    }
    pthread_mutex_unlock(&heap.lock);
    return found;
}

static void heap_give(uint32_t index) {
    pthread_mutex_lock(&heap.lock);
    heap.unused[heap.unused_count++] = index;
    pthread_mutex_unlock(&heap.lock);
}

// ---- the program's part ----

static inline struct account *account(void) {
    return &truth->account[me->number];
}

static void intend(uint32_t first, uint32_t second) {
    uint32_t *intent = account()->intent[me->nesting];
    atomic_store_release(&intent[1], second);
    atomic_store_release(&intent[0], first);
}

static void done(void) {
    intend(0, 0);
}

// Handlers may come between these two.
static inline void open_to_signals(void) {
    atomic_signal_barrier();
    me->busy = false;
    atomic_signal_barrier();
}

static inline void closed_to_signals(void) {
    atomic_signal_barrier();
    me->busy = true;
    atomic_signal_barrier();
}

static void hold(uint32_t index, uint64_t bytes, uint32_t site) {
    struct cell *cell = &truth->cell[index];
    cell->bytes = bytes;
    cell->site = site;
    atomic_store_release(&cell->held, 1);
    atomic_add_relaxed(&truth->acquired_at[site].count, 1); // sums: read when all is over
    atomic_add_relaxed(&truth->acquired_at[site].bytes, bytes);
    account()->acquired++;
    account()->acquired_bytes += bytes;
    me->mine[me->mine_count++] = index;
}

static void doubt(uint32_t index) {
    truth->doubtful[index] = true;
    truth->doubts++;
}

// The same in a child that was forked by a handler within the event.
static void inherit(uint32_t index) {
    doubt(index);
    heap.inherited[index] = true;
    me->mine[me->mine_count++] = index;
}

static void let_go(uint32_t index) {
    atomic_store_release(&truth->cell[index].held, 0);
    account()->released++;
    account()->unmatched += heap.inherited[index];
    heap.inherited[index] = false;
}

// Likewise, a release or the old side of a move that succeeds.
static void give_up(uint32_t index, const struct truth *mine) {
    if (truth == mine)
        let_go(index);
    else
        doubt(index);
    heap.inherited[index] = false;
}

static struct frame_state at_site(uint32_t site) {
    return (struct frame_state){.pc = WORLD_SITE_PC + site, .sp = 64, .fp = 0};
}

static void do_acquire(void) {
    uint32_t index, site = pick(me, WORLD_SITES);
    uint64_t bytes = pick(me, 4000);
    if (!heap_take(&index))
        return;
    intend(index + 1, 0);
    struct frame_state caller = at_site(site);
    const struct truth *mine = truth;
    open_to_signals();
    record_acquire(CALL_malloc, block_at(index), bytes, &caller);
    closed_to_signals();
    if (truth == mine)
        hold(index, bytes, site);
    else
        inherit(index);
    done();
}

// A block of mine, no longer in the list.
static bool choose_block(uint32_t *out) {
    if (!me->mine_count)
        return false;
    uint32_t at = pick(me, me->mine_count);
    *out = me->mine[at];
    me->mine[at] = me->mine[--me->mine_count];
    return true;
}

static void do_release(void) {
    uint32_t index;
    if (!choose_block(&index))
        return;
    intend(index + 1, 0);
    const struct truth *mine = truth;
    open_to_signals();
    record_release(CALL_free, block_at(index));
    closed_to_signals();
    give_up(index, mine);
    heap_give(index);
    done();
}

static void move_to(uint32_t index, uint32_t fresh, struct record_move *move, uint32_t site) {
    uint64_t bytes = pick(me, 4000);
    struct frame_state caller = at_site(site);
    const struct truth *mine = truth;
    intend(index + 1, fresh + 1);
    open_to_signals();
    record_move(CALL_realloc, block_at(index), move, block_at(fresh), bytes, &caller);
    closed_to_signals();
    if (truth == mine)
        hold(fresh, bytes, site);
    else
        inherit(fresh);
}

static void do_move(void) {
    uint32_t index, fresh, kind = pick(me, 8);
    if (!choose_block(&index))
        return;
    const struct truth *mine = truth;
    intend(index + 1, 0);
    open_to_signals();
    struct record_move move = record_move_begin(block_at(index));
    closed_to_signals();
    if (kind < 2 || (kind < 5 && !heap_take(&fresh))) { // no memory for it
        open_to_signals();
        record_move_failed(&move);
        closed_to_signals();
        me->mine[me->mine_count++] = index;
    } else if (kind == 7) { // to no bytes
        give_up(index, mine);
        heap_give(index);
        open_to_signals();
        record_move_released(CALL_realloc, block_at(index), &move);
        closed_to_signals();
    } else {
        give_up(index, mine);
        if (kind >= 5) // in place
            fresh = index;
        else
            heap_give(index);
        move_to(index, fresh, &move, pick(me, WORLD_SITES));
    }
    done();
}

// Passes a block on, and takes whatever lay there.
static void do_exchange(void) {
    uint32_t index = 0;
    bool had = choose_block(&index);
    uint32_t got = atomic_exchange_acq_rel(&mailbox[pick(me, WORLD_MAILBOXES)], had ? index + 1 : 0);
    if (got)
        me->mine[me->mine_count++] = got - 1;
}

static void become_child(uint32_t number) {
    truth = &truths[number];
    truth->pid = (uint32_t)getpid();
    is_child = true;
    me->made = 0;
    me->events = WORLD_CHILD_EVENTS;
    memset(heap.inherited, 1, sizeof heap.inherited);
    for (uint32_t i = 0; i < heap.unused_count; i++)
        heap.inherited[heap.unused[i]] = false;
}

// As fork does with a real allocator: no other thread is inside it meanwhile.
static void do_fork(void) {
    pthread_mutex_lock(&heap.lock);
    if (*forks < forks_wanted) { // only threads of the first process come here, one at a time
        uint32_t number = ++*forks;
        if (fork() == 0)
            become_child(number);
    }
    pthread_mutex_unlock(&heap.lock);
}

static void one_event(void) {
    uint32_t what = pick(me, 16);
    if (forks_wanted && !is_child && pick(me, 1000) == 0)
        do_fork();
    if (what < 4)
        do_exchange();
    else if (what < 7)
        do_move();
    else if (what < 7 + (me->mine_count < WORLD_HELD / 2 ? 6 : 4))
        do_acquire();
    else
        do_release();
}

// A handler's events, at any instruction of the recording it interrupted.
__attribute__((unused)) static void world_handler(int signal) {
    (void)signal;
    struct worker *worker = me;
    if (!worker || worker->busy || worker->nesting >= WORLD_NESTING)
        return;
    worker->busy = true;
    worker->nesting++;
    worker->nested++;
    for (uint32_t i = pick(worker, 4); i > 0; i--)
        one_event();
    worker->nesting--;
    worker->busy = false;
}

static void take_over_estate(void) {
    pthread_mutex_lock(&heap.lock);
    while (heap.estate_count && me->mine_count < WORLD_HELD / 4)
        me->mine[me->mine_count++] = heap.estate[--heap.estate_count];
    pthread_mutex_unlock(&heap.lock);
}

static void leave_estate(void) {
    pthread_mutex_lock(&heap.lock);
    while (me->mine_count)
        heap.estate[heap.estate_count++] = me->mine[--me->mine_count];
    pthread_mutex_unlock(&heap.lock);
}

// One thread's life.
__attribute__((unused)) static void *world_worker(void *argument) {
    struct worker *worker = argument;
    worker->busy = true;
    atomic_signal_barrier();
    me = worker;
    take_over_estate();
    while (worker->made++ < worker->events) {
        if (worker->made % 64 == 0)
            pest_wind_up(&worker->pest);
        one_event();
    }
    if (is_child) {
        truth->complete = 1;
        _exit(0);
    }
    leave_estate();
    me = NULL;
    return NULL;
}
