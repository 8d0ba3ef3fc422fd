// See thread.h. Called by record.c at the beginning and end of every event.
#include "preload/thread.h"
#include "preload/raw.h"
#include "preload/wire/atomic.h"

#include <sys/syscall.h>

_Static_assert(WIRE_THREAD_HEAD_BYTES + WIRE_RING_SLOTS * sizeof(struct wire_record) +
                       sizeof(struct thread_scratch) <=
                   WIRE_EXTENT_BYTES,
               "an extent holds head, ring and scratch");

// Initial-exec, so that touching it allocates nothing and it is there until the thread's very end. Plain
// accesses: only this thread and its signal handlers see it, and a handler leaves depth as it found it.
static __thread struct {
    struct wire_thread *level[THREAD_LEVELS];
    uint32_t depth;
    uint32_t generation; // of the process that the levels belong to
} self;

static struct wire_thread *extent(uint32_t index) {
    return (struct wire_thread *)((char *)memory + memory->extents_at + (uint64_t)index * WIRE_EXTENT_BYTES);
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

static struct wire_thread *claim(uint32_t level) {
    uint32_t index;
    if (!take_extent(&index))
        return NULL;
    uint32_t *state = (uint32_t *)((char *)memory + memory->extent_states_at) + index;
    if (attach_open(memory->extents_at + (uint64_t)index * WIRE_EXTENT_BYTES, WIRE_EXTENT_BYTES) != 0) {
        atomic_store_release(state, SLOT_FREE);
        return NULL;
    }
    struct wire_thread *thread = extent(index);
    struct wire_ring *ring = &thread->ring;
    // head and tail go on from the extent's last owner, of whom the analyzer has read everything: head ==
    // tail.
    ring->capacity = memory->ring_slots;
    ring->tail_seen = atomic_load_relaxed(&ring->tail); // relaxed: ordered by the state's CAS
    ring->next_ring = ring->head + ring->capacity / 2;
    ring->waiting = 0;
    thread->process_slot = attach_page->slot;
    // A vfork child records into its parent's thread: the extent outlives the child, so it must not be told
    // by its id.
    thread->tid = attach_is_own_process() ? (uint32_t)raw_syscall0(SYS_gettid) : 0;
    thread->level = level;
    thread->truncated_stacks = 0;
    struct thread_scratch *scratch =
        (void *)((char *)thread + WIRE_THREAD_HEAD_BYTES + ring->capacity * sizeof(struct wire_record));
    scratch->last_count = 0;
    atomic_store_release(state, SLOT_LIVE); // X1
    return thread;
}

static bool enter_slow(uint32_t depth) {
    if (self.generation != attach_page->generation) { // forked since: the levels are the parent's
        for (int i = 0; i < THREAD_LEVELS; i++)
            self.level[i] = NULL;
        self.generation = attach_page->generation;
    }
    if (depth < THREAD_LEVELS && !self.level[depth])
        self.level[depth] = claim(depth);
    if (depth < THREAD_LEVELS && self.level[depth])
        return true;
    atomic_add_relaxed(&attach_process()->lost_records, 1); // a count, orders nothing
    return false;
}

bool thread_enter(struct thread *out) {
    if (!attach_on())
        return false;
    uint32_t depth = self.depth++;
    atomic_signal_barrier(); // a handler from here on finds the next level
    if (unlikely(self.generation != attach_page->generation || depth >= THREAD_LEVELS ||
                 !self.level[depth])) {
        if (!enter_slow(depth)) {
            self.depth--;
            return false;
        }
    }
    struct wire_thread *wire = self.level[depth];
    out->wire = wire;
    out->slots = (struct wire_record *)((char *)wire + WIRE_THREAD_HEAD_BYTES);
    out->scratch = (struct thread_scratch *)(out->slots + wire->ring.capacity);
    return true;
}

void thread_leave(void) {
    atomic_signal_barrier();
    self.depth--;
}
