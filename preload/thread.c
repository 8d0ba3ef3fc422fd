// See thread.h. Called by record.c at the beginning and end of every event.
#include "preload/thread.h"
#include "preload/doorbell.h"
#include "preload/raw.h"
#include "preload/wire/atomic.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

enum { EXTENT_WAITS = 100 }; // of WIRE_WAIT_NS

__thread struct thread_self thread_self;

static struct thread *extent(uint32_t index) {
    return (struct thread *)((char *)memory + memory->extents_at + (uint64_t)index * WIRE_EXTENT_BYTES);
}

static bool take_extent(uint32_t *out) {
    uint32_t *states = (uint32_t *)((char *)memory + memory->extent_states_at);
    for (uint32_t i = 0; i < memory->extent_count; i++) {
        uint32_t expected = SLOT_FREE;
        if (atomic_load_relaxed(&states[i]) != SLOT_FREE) // relaxed: the CAS decides
            continue;
        if (!atomic_cas_acq_rel(&states[i], &expected, SLOT_CLAIMED))
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
    if (attach_open(memory->extents_at + (uint64_t)index * WIRE_EXTENT_BYTES, WIRE_EXTENT_BYTES) != 0) {
        atomic_store_release(state, SLOT_FREE);
        return NULL;
    }
    struct thread *thread = extent(index);
    struct wire_ring *ring = &thread->wire.ring;
    // head and tail go on from the extent's last owner, of whom the analyzer has read everything (head ==
    // tail) and emptied the nursery.
    ring->capacity = memory->ring_slots;
    ring->tail_seen = atomic_load_relaxed(&ring->tail); // relaxed: ordered by the state's CAS
    ring->next_ring = ring->head + ring->capacity / 2;
    ring->waiting = 0;
    thread->wire.process_slot = attach_page->slot;
    // A vfork child records into its parent's thread: the extent outlives the child, so it must not be told
    // by its id.
    thread->wire.tid = attach_is_own_process() ? (uint32_t)raw_syscall0(SYS_gettid) : 0;
    thread->wire.level = level;
    thread->wire.truncated_stacks = 0;
    thread->scratch.memo.count = 0;
    atomic_store_release(state, SLOT_LIVE); // X1
    return thread;
}

struct thread *thread_enter_slowly(void) {
    struct thread_self *self = &thread_self;
    if (!attach_on())
        return NULL;
    uint32_t depth = self->depth++;
    atomic_signal_barrier(); // a handler from here on finds the next level
    if (self->generation !=
        attach_page->generation) { // new, or forked since: then the levels are the parent's
        for (int i = 0; i < THREAD_LEVELS; i++)
            self->level[i] = NULL;
        self->generation = attach_page->generation;
    }
    if (depth < THREAD_LEVELS && !self->level[depth])
        self->level[depth] = claim(depth);
    if (depth < THREAD_LEVELS && self->level[depth])
        return self->level[depth];
    atomic_add_relaxed(&attach_process()->lost_records, 1); // a count, orders nothing
    self->depth--;
    return NULL;
}

// Gives the child a private copy of an extent in place of the parent's.
static void make_private(struct thread *thread) {
    long copy = raw_syscall6(SYS_mmap, 0, WIRE_EXTENT_BYTES, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (raw_failed(copy))
        return;
    memcpy((void *)copy, thread, WIRE_EXTENT_BYTES);
    raw_syscall5(SYS_mremap, copy, WIRE_EXTENT_BYTES, WIRE_EXTENT_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED,
                 (long)thread);
}

void thread_after_fork(void) {
    for (uint32_t i = 0; i < thread_self.depth && i < THREAD_LEVELS; i++)
        if (thread_self.level[i])
            make_private(thread_self.level[i]);
}
