// See record.h. The only file of the shim that touches a ring (wire/ring.h has the ordering edges by label).
#include "preload/record.h"
#include "preload/attach.h"
#include "preload/epoch.h"
#include "preload/raw.h"
#include "preload/stack.h"
#include "preload/thread.h"
#include "preload/wire/ring.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

uint64_t epochs[1 << EPOCH_BITS];

static void ring_doorbell(void) {
    if (!atomic_load_relaxed(&board->sleeping)) // relaxed: a missed wake-up costs one WIRE_WAIT_NS
        return;
    atomic_add_acq_rel(&board->doorbell, 1);
    raw_syscall3(SYS_futex, (long)&board->doorbell, FUTEX_WAKE, 1);
}

// The analyzer is gone for good: it died, it closed the session, or it was silent while we waited for so
// long.
static bool analyzer_gone(uint64_t silent_ns) {
    return (atomic_load_relaxed(&board->life) & BOARD_OWNER_DIED) || atomic_load_relaxed(&board->closed) ||
           silent_ns > BOARD_SILENCE_NS;
}

// Waits until the ring has room. False if the analyzer is gone. Silence is counted in our own waits, not by
// the clock: after a suspended machine or a stopped process group nobody has been silent.
static bool wait_for_room(struct wire_ring *ring, uint32_t need) {
    uint64_t heartbeat = atomic_load_relaxed(&board->heartbeat_ns), silent_ns = 0;
    for (;;) {
        ring_doorbell();
        for (int spins = 0; spins < 200; spins++) {
            ring->tail_seen = atomic_load_acquire(&ring->tail); // P2
            if (ring->head + need - ring->tail_seen <= ring->capacity)
                return true;
            raw_pause();
        }
        if (analyzer_gone(silent_ns))
            return false;
        atomic_store_relaxed(&ring->waiting, 1);
        atomic_fence_seq_cst(); // P3
        if (ring->head + need - atomic_load_acquire(&ring->tail) > ring->capacity) {
            struct timespec limit = {.tv_nsec = WIRE_WAIT_NS};
            raw_syscall4(SYS_futex, (long)&ring->waiting, FUTEX_WAIT, 1, (long)&limit);
        }
        uint64_t now = atomic_load_relaxed(&board->heartbeat_ns);
        silent_ns = now == heartbeat ? silent_ns + WIRE_WAIT_NS : 0;
        heartbeat = now;
    }
}

// Room for `need` slots after head; the caller fills them and calls publish. False: nothing can be recorded
// any more.
static bool reserve(struct thread *thread, uint32_t need) {
    struct wire_ring *ring = &thread->wire->ring;
    if (likely(ring->head + need - ring->tail_seen <= ring->capacity))
        return true;
    ring->tail_seen = atomic_load_acquire(&ring->tail); // P2
    if (ring->head + need - ring->tail_seen <= ring->capacity || wait_for_room(ring, need))
        return true;
    struct wire_process *process = attach_process();
    atomic_add_relaxed(&process->lost_records, need); // a count, orders nothing
    attach_leave();
    return false;
}

static struct wire_record *slot(struct thread *thread, uint32_t ahead) {
    struct wire_ring *ring = &thread->wire->ring;
    return &thread->slots[(ring->head + ahead) & (ring->capacity - 1)];
}

static void publish(struct thread *thread, uint32_t count) {
    struct wire_ring *ring = &thread->wire->ring;
    uint64_t head = ring->head + count;
    atomic_store_release(&ring->head, head); // P1
    if (unlikely(head >= ring->next_ring)) {
        ring->next_ring = head + ring->capacity / 2;
        ring_doorbell();
    }
}

static void fill_acquire(struct wire_record *record, uint8_t call, const void *block, size_t bytes,
                         uint32_t stack, uint16_t flags) {
    *record = (struct wire_record){.address = (uintptr_t)block,
                                   .bytes = bytes,
                                   .epoch = epoch_read(block),
                                   .stack = stack,
                                   .kind = RECORD_ACQUIRE,
                                   .call = call,
                                   .flags = flags};
}

static void fill_release(struct wire_record *record, uint8_t call, const void *block, uint64_t epoch) {
    *record = (struct wire_record){
        .address = (uintptr_t)block, .epoch = epoch, .kind = RECORD_RELEASE, .call = call};
}

static void acquire_with(struct thread *thread, uint8_t call, const void *block, size_t bytes, uint32_t stack,
                         uint16_t flags) {
    if (!reserve(thread, 1))
        return;
    fill_acquire(slot(thread, 0), call, block, bytes, stack, flags);
    publish(thread, 1);
}

void record_acquire(uint8_t call, const void *block, size_t bytes, const struct frame_state *caller) {
    struct thread thread;
    if (!thread_enter(&thread))
        return;
    acquire_with(&thread, call, block, bytes, stack_capture(&thread, caller), 0);
    thread_leave();
}

static void release_with(uint8_t call, const void *block, uint64_t epoch) {
    struct thread thread;
    if (!thread_enter(&thread))
        return;
    if (reserve(&thread, 1)) {
        fill_release(slot(&thread, 0), call, block, epoch);
        publish(&thread, 1);
    }
    thread_leave();
}

void record_release(uint8_t call, const void *block) {
    if (attach_on())
        release_with(call, block, epoch_take(block));
}

uint64_t record_move_begin(const void *block) {
    return epoch_take(block);
}

void record_move_released(uint8_t call, const void *block, uint64_t epoch) {
    release_with(call, block, epoch);
}

void record_move(uint8_t call, const void *block, uint64_t epoch, const void *fresh, size_t bytes,
                 const struct frame_state *caller) {
    struct thread thread;
    if (!thread_enter(&thread))
        return;
    uint32_t stack = stack_capture(&thread, caller);
    if (reserve(&thread, 2)) {
        fill_release(slot(&thread, 0), call, block, epoch);
        fill_acquire(slot(&thread, 1), call, fresh, bytes, stack, 0);
        publish(&thread, 2);
    }
    thread_leave();
}

void record_early(const void *block, size_t bytes, const void *caller) {
    struct thread thread;
    if (!thread_enter(&thread))
        return;
    acquire_with(&thread, CALL_malloc, block, bytes, stack_of_address(&thread, caller), RECORD_EARLY);
    thread_leave();
}
