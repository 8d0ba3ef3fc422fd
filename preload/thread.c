// See thread.h. Called by record.c at the beginning and end of every event.
#include "preload/thread.h"
#include "preload/doorbell.h"
#include "preload/raw.h"
#include "preload/unwind_step.h"
#include "preload/wire/atomic.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

enum { EXTENT_WAITS = 100 }; // of WIRE_WAIT_NS

__thread struct thread_self thread_self;

static struct thread *extent(uint32_t index) {
    return (struct thread *)((char *)memory + memory->extents_at + (uint64_t)index * WIRE_EXTENT_BYTES);
}

// Opens an extent that was claimed. False, and it is free again, if that fails or if it is one that this
// process has a private copy of in its place.
static bool open_extent(uint32_t index, uint32_t *state) {
    if (attach_open(memory->extents_at + (uint64_t)index * WIRE_EXTENT_BYTES, WIRE_EXTENT_BYTES) == 0 &&
        !extent(index)->scratch.is_private)
        return true;
    atomic_store_release(state, SLOT_FREE);
    return false;
}

static bool take_extent(uint32_t *out) {
    uint32_t *states = (uint32_t *)((char *)memory + memory->extent_states_at);
    for (uint32_t i = 0; i < memory->extent_count; i++) {
        uint32_t expected = SLOT_FREE;
        if (atomic_load_relaxed(&states[i]) != SLOT_FREE) // relaxed: the CAS decides
            continue;
        if (!atomic_cas_acq_rel(&states[i], &expected, SLOT_CLAIMED) || !open_extent(i, &states[i]))
            continue;
        // Only ever raised; the analyzer that reads an old value comes a round late.
        uint32_t used = atomic_load_relaxed(&memory->extents_used);
        while (used < i + 1 && !atomic_cas_acq_rel(&memory->extents_used, &used, i + 1))
            ;
        *out = i;
        return true;
    }
    return false;
}

// None is free: those of ended threads are, as soon as the analyzer has looked. Asks it to, and waits a
// little: a program may really have more threads than the memory has extents.
static bool take_extent_later(uint32_t *out) {
    for (int tries = 0; tries < EXTENT_WAITS; tries++) {
        if (atomic_load_relaxed(&board->closed) || (atomic_load_relaxed(&board->life) & BOARD_OWNER_DIED))
            return false;
        atomic_store_release(&memory->extents_wanted, 1);
        doorbell_ring();
        struct timespec limit = {.tv_nsec = WIRE_WAIT_NS};
        raw_syscall4(SYS_futex, (long)&memory->extents_wanted, FUTEX_WAIT, 1, (long)&limit);
        if (take_extent(out))
            return true;
    }
    return false;
}

static struct thread *claim(uint32_t level) {
    uint32_t index;
    if (!take_extent(&index) && !take_extent_later(&index))
        return NULL;
    uint32_t *state = (uint32_t *)((char *)memory + memory->extent_states_at) + index;
    struct thread *thread = extent(index);
    struct wire_ring *ring = &thread->wire.ring;
    // head and tail go on from the extent's last owner, of whom the analyzer has read everything (head ==
    // tail) and emptied the nursery.
    ring->capacity = memory->ring_slots;
    ring->tail_seen = atomic_load_relaxed(&ring->tail); // relaxed: ordered by the state's CAS
    ring->next_ring = ring->head + ring->capacity / 2;
    ring->moving = 0;
    ring->waiting = 0;
    thread->wire.process_slot = attach_page->slot;
    // A vfork child records into its parent's thread: the extent outlives the child, so it must not be told
    // by its id.
    thread->wire.tid = attach_is_own_process() ? (uint32_t)raw_syscall0(SYS_gettid) : 0;
    thread->wire.level = level;
    thread->wire.truncated_stacks = 0;
    stack_memo_begin(&thread->scratch.memo);
    atomic_store_release(state, SLOT_LIVE); // X1
    return thread;
}

// Forgets the levels of a parent, and claims one if need be. Without signals, so that no handler forks in the
// middle of it.
static struct thread *level_at(uint32_t depth) {
    struct thread_self *self = &thread_self;
    uint64_t all = ~(uint64_t)0, before = 0;
    raw_syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, sizeof all);
    if (self->generation != attach_page->generation) {
        for (int i = 0; i < THREAD_LEVELS; i++)
            self->level[i] = NULL;
        self->generation = attach_page->generation;
    }
    if (depth < THREAD_LEVELS && !self->level[depth])
        self->level[depth] = claim(depth);
    raw_syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof before);
    return depth < THREAD_LEVELS ? self->level[depth] : NULL;
}

struct thread *thread_enter_slowly(uint32_t depth) {
    struct thread *level = NULL;
    if (attach_on()) {
        level = level_at(depth);
        if (!level)
            atomic_add_relaxed(&attach_process()->lost_records, 1); // a count, orders nothing
    }
    if (!level) {
        if (depth < THREAD_LEVELS)
            thread_self.frame[depth] = 0;
        atomic_signal_barrier();
        thread_self.depth = depth;
    }
    return level;
}

// A handler runs below what it interrupted, if both run on the thread's own stack. The kernel knows when it
// doesn't: an alternate stack may lie anywhere, even in a frame of the own one.
bool thread_frame_is_gone(uintptr_t frame, uintptr_t now) {
    stack_t alternate = {0};
    return frame && now >= frame && unwind_bounds(frame).own && unwind_bounds(now).own &&
           raw_syscall2(SYS_sigaltstack, 0, (long)&alternate) == 0 && !(alternate.ss_flags & SS_ONSTACK);
}

uint32_t thread_depth(uintptr_t now) {
    struct thread_self *self = &thread_self;
    uint32_t depth = self->depth;
    while (depth > 0 && depth <= THREAD_LEVELS && thread_frame_is_gone(self->frame[depth - 1], now)) {
        depth--;
        self->frame[depth] = 0;
        if (self->level[depth]) // what the walk left may be half of it
            self->level[depth]->scratch.memo.count = 0;
    }
    return depth;
}

static void *copies[THREAD_LEVELS]; // of the forking thread's extents

void thread_before_fork(void) {
    for (uint32_t i = 0; i < THREAD_LEVELS; i++) {
        copies[i] = NULL;
        if (i >= thread_self.depth || !thread_self.level[i])
            continue;
        long copy = raw_syscall6(SYS_mmap, 0, WIRE_EXTENT_BYTES, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (raw_failed(copy))
            continue;
        struct thread *thread = copies[i] = memcpy((void *)copy, thread_self.level[i], WIRE_EXTENT_BYTES);
        thread->scratch.is_private = true;
        thread->wire.ring.tail = thread->wire.ring.tail_seen = thread->wire.ring.head; // nobody empties it
    }
}

void thread_after_fork_in_parent(void) {
    for (uint32_t i = 0; i < THREAD_LEVELS; i++)
        if (copies[i])
            raw_syscall2(SYS_munmap, (long)copies[i], WIRE_EXTENT_BYTES);
}

void thread_after_fork_in_child(void) {
    for (uint32_t i = 0; i < THREAD_LEVELS; i++)
        if (copies[i])
            raw_syscall5(SYS_mremap, (long)copies[i], WIRE_EXTENT_BYTES, WIRE_EXTENT_BYTES,
                         MREMAP_MAYMOVE | MREMAP_FIXED, (long)thread_self.level[i]);
}
