// See record.h. The only file of the shim that touches a ring (wire/ring.h has the ordering edges by label).
#include "preload/record.h"
#include "preload/attach.h"
#include "preload/doorbell.h"
#include "preload/epoch.h"
#include "preload/nursery.h"
#include "preload/raw.h"
#include "preload/stack.h"
#include "preload/thread.h"
#include "preload/wire/ring.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

uint64_t epochs[1 << EPOCH_BITS];

// The block that this thread is giving back right now by a call that may give it back once more, by another
// hooked one (delete calls free). Until its address is acquired again, by a signal handler right behind the
// real call.
static __thread const void *releasing;

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now); // the vDSO's: no system call, no errno
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

// The analyzer is gone for good: it died, it closed the session, or it was silent while we waited for so
// long.
static bool analyzer_gone(uint64_t silent_ns) {
    return (atomic_load_relaxed(&board->life) & BOARD_OWNER_DIED) || atomic_load_relaxed(&board->closed) ||
           silent_ns > BOARD_SILENCE_NS;
}

// Waits until the ring has room. False if the analyzer is gone. Silence is what we waited ourselves, each
// wait at most for its own limit: after a suspended machine or a stopped process group nobody has been
// silent.
static bool wait_for_room(struct wire_ring *ring, uint32_t need) {
    uint64_t heartbeat = atomic_load_relaxed(&board->heartbeat_ns), silent_ns = 0;
    for (;;) {
        doorbell_ring_if_asleep();
        for (int spins = 0; spins < 200; spins++) {
            ring->tail_seen = atomic_load_acquire(&ring->tail); // P2
            if (ring->head + need - ring->tail_seen <= ring->capacity)
                return true;
            raw_pause();
        }
        if (analyzer_gone(silent_ns))
            return false;
        uint64_t before = now_ns();
        atomic_store_relaxed(&ring->waiting, 1);
        atomic_fence_seq_cst(); // P3
        if (ring->head + need - atomic_load_acquire(&ring->tail) > ring->capacity) {
            struct timespec limit = {.tv_nsec = WIRE_WAIT_NS};
            raw_syscall4(SYS_futex, (long)&ring->waiting, FUTEX_WAIT, 1, (long)&limit);
        }
        uint64_t waited = now_ns() - before, beat = atomic_load_relaxed(&board->heartbeat_ns);
        if (beat != heartbeat)
            silent_ns = 0;
        else
            silent_ns += waited < WIRE_WAIT_NS ? waited : WIRE_WAIT_NS;
        heartbeat = beat;
    }
}

// Room for `need` slots after head; the caller fills them and calls publish. False: nothing can be recorded
// any more.
static bool reserve(struct thread *thread, uint32_t need) {
    struct wire_ring *ring = &thread->wire.ring;
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
    struct wire_ring *ring = &thread->wire.ring;
    return &thread->slots[(ring->head + ahead) & (ring->capacity - 1)];
}

static void publish(struct thread *thread, uint32_t count) {
    struct wire_ring *ring = &thread->wire.ring;
    uint64_t head = ring->head + count;
    atomic_store_release(&ring->head, head); // P1
    if (unlikely(head >= ring->next_ring)) {
        ring->next_ring = head + ring->capacity / 2;
        doorbell_ring_if_asleep();
    }
}

static struct wire_record acquire_of(uint8_t call, const void *block, size_t bytes, uint32_t stack,
                                     uint16_t flags) {
    if (unlikely(releasing == block))
        releasing = NULL;
    return (struct wire_record){.address = (uintptr_t)block,
                                .bytes = bytes,
                                .epoch = epoch_read(block),
                                .stack = stack,
                                .kind = RECORD_ACQUIRE,
                                .call = call,
                                .flags = flags};
}

static struct wire_record release_of(uint8_t call, const void *block, uint64_t epoch) {
    return (struct wire_record){
        .address = (uintptr_t)block, .epoch = epoch, .kind = RECORD_RELEASE, .call = call};
}

// An acquire goes to the nursery; what it displaces there goes to the ring.
static inline void keep(struct thread *thread, const struct wire_record *acquire) {
    bool again;
    struct nursery_place place =
        nursery_room(&thread->nursery, (const void *)acquire->address, acquire->epoch, &again);
    if (!again && !nursery_is_empty(&place)) {
        if (unlikely(!reserve(thread, 1)))
            return;
        *slot(thread, 0) = *place.entry;
        publish(thread, 1);
    }
    nursery_put(&place, acquire);
}

// A release whose block is not the nursery's to cancel. An entry of the same address goes along, so that the
// pair meets early: whichever of the address's owners it was, its epoch tells.
static void send_release(struct thread *thread, const struct wire_record *release,
                         const struct nursery_place *along) {
    if (unlikely(!reserve(thread, 2)))
        return;
    uint32_t count = 0;
    if (along->entry)
        *slot(thread, count++) = *along->entry;
    *slot(thread, count++) = *release;
    publish(thread, count);
    if (along->entry) // after it was sent: a thread that is killed in between leaves it twice, not never
        nursery_remove(along);
}

// NULL if this is not to be recorded; else thread_leave must follow.
__attribute__((always_inline)) static inline struct thread *enter_for_heap(void) {
    return likely(tracked & WIRE_TRACK_HEAP) ? thread_enter() : NULL;
}

// A pair that cancelled itself, for its stack's account. Sent before the place serves another stack.
static __attribute__((noinline)) void count_turnover(struct thread *thread,
                                                     const struct wire_record *acquire) {
    struct wire_turnover *place = &thread->nursery.turnovers[acquire->stack % NURSERY_TURNOVERS];
    if (place->count && (place->stack != acquire->stack || place->count == UINT32_MAX)) {
        if (!reserve(thread, 1))
            return;
        *slot(thread, 0) = nursery_turnover_record(place);
        publish(thread, 1);
        place->count = 0;
        atomic_signal_barrier();
    }
    if (!place->count) {
        place->stack = acquire->stack;
        place->bytes = 0;
        atomic_signal_barrier(); // it is whole whenever it counts
    }
    place->bytes += acquire->bytes;
    place->count++;
}

static inline void count_cancelled(struct thread *thread, const struct wire_record *acquire) {
    nursery_count(&thread->nursery, acquire);
    if (unlikely(memory->turnover))
        count_turnover(thread, acquire);
}

void record_acquire(uint8_t call, const void *block, size_t bytes, const struct frame_state *caller) {
    struct thread *thread = enter_for_heap();
    if (!thread)
        return;
    struct wire_record acquire = acquire_of(call, block, bytes, stack_capture(thread, caller), 0);
    keep(thread, &acquire);
    thread_leave();
}

void record_release(uint8_t call, const void *block) {
    struct thread *thread = enter_for_heap();
    if (!thread)
        return;
    uint64_t epoch = epoch_read(block);
    struct nursery_place place = nursery_find(&thread->nursery, block, epoch);
    if (place.entry && place.entry->epoch == epoch) {
        nursery_remove(&place);
        count_cancelled(thread, place.entry);
    } else if (unlikely(releasing == block)) {
        releasing = NULL; // recorded already, by the outer call
    } else {
        struct wire_record release = release_of(call, block, epoch_take(block));
        send_release(thread, &release, &place);
    }
    thread_leave();
}

const void *record_release_begin(uint8_t call, const void *block) {
    const void *outer = releasing;
    record_release(call, block);
    releasing = block;
    return outer;
}

void record_release_end(const void *block, const void *outer) {
    releasing = outer == block ? NULL : outer; // an inner call's end is the outer one's inner release
}

// The release will be published late: until then no round of the analyzer ends. A handler's move within
// another one is covered by that; one that a handler jumped out of is over.
static void show_move(struct thread *thread, struct record_move *move) {
    struct wire_ring *ring = &thread->wire.ring;
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    bool odd = ring->moving & 1;
    if (unlikely(odd) && !thread_frame_is_gone(thread->scratch.move_frame, frame))
        return;
    thread->scratch.move_frame = frame;
    move->shown_by = thread;
    // Relaxed: who is handed the address later sees it by the edges that hand it over.
    atomic_store_relaxed(&ring->moving, ring->moving + 1 + odd); // P4
}

static inline bool is_ours(const struct record_move *move) {
    return move->generation && move->generation == attach_page->generation;
}

// Of a move that was forked away by a handler in its middle, the old block is the parent's business.
static void end_move(const struct record_move *move) {
    if (!is_ours(move) || !move->shown_by)
        return;
    struct wire_ring *ring = &move->shown_by->wire.ring;
    if (ring->moving & 1)
        atomic_store_release(&ring->moving, ring->moving + 1); // P4
}

struct record_move record_move_begin(const void *block) {
    struct record_move move = {.generation = 0, .outer = releasing};
    releasing = block;
    struct thread *thread = enter_for_heap();
    if (!thread)
        return move;
    move.generation = attach_page->generation;
    uint64_t epoch = epoch_read(block);
    struct nursery_place place = nursery_find(&thread->nursery, block, epoch);
    if (place.entry && place.entry->epoch == epoch) {
        move.cancels = *place.entry;
        nursery_remove(&place); // out of sight while another thread may be handed its address
    } else if (unlikely(move.outer == block)) {
        move.nested = true; // recorded by the outer call
    } else {
        show_move(thread, &move);
        move.epoch = epoch_take(block);
    }
    thread_leave();
    return move;
}

// The old side of a move that succeeded.
static void finish_release(struct thread *thread, uint8_t call, const void *block, struct record_move *move) {
    if (move->nested)
        return;
    if (move->cancels.kind) {
        count_cancelled(thread, &move->cancels);
        return;
    }
    struct wire_record release = release_of(call, block, move->epoch);
    send_release(thread, &release, &(struct nursery_place){NULL, NULL});
}

void record_move_released(uint8_t call, const void *block, struct record_move *move) {
    record_release_end(block, move->outer);
    struct thread *thread = is_ours(move) ? thread_enter() : NULL;
    if (thread) {
        finish_release(thread, call, block, move);
        thread_leave();
    }
    end_move(move);
}

void record_move_failed(struct record_move *move) {
    releasing = move->outer;
    struct thread *thread = is_ours(move) && move->cancels.kind ? thread_enter() : NULL;
    if (thread) {
        keep(thread, &move->cancels);
        thread_leave();
    }
    end_move(move);
}

void record_move(uint8_t call, const void *block, struct record_move *move, const void *fresh, size_t bytes,
                 const struct frame_state *caller) {
    record_release_end(block, move->outer);
    struct thread *thread = move->generation ? thread_enter() : NULL;
    if (thread) {
        struct wire_record acquire = acquire_of(call, fresh, bytes, stack_capture(thread, caller), 0);
        if (likely(is_ours(move)))
            finish_release(thread, call, block, move);
        keep(thread, &acquire);
        thread_leave();
    }
    end_move(move);
}

void record_early(const void *block, size_t bytes, const void *caller) {
    struct thread *thread = enter_for_heap();
    if (!thread)
        return;
    struct wire_record acquire =
        acquire_of(CALL_malloc, block, bytes, stack_of_address(thread, caller), RECORD_EARLY);
    keep(thread, &acquire);
    thread_leave();
}

// The number is taken when nothing but to publish it is left to do, since the analyzer holds back what
// follows until it has come. A fork's private copy publishes to nobody: the event is the parent's.
uint64_t record_numbered(struct wire_record *record, const struct frame_state *caller) {
    struct thread *thread = thread_enter();
    if (!thread)
        return 0;
    uint64_t number = 0;
    if (caller)
        record->stack = stack_capture(thread, caller);
    if (likely(reserve(thread, 1)) && likely(!thread->scratch.is_private)) {
        // The kernel orders the calls of two threads on one descriptor or address; this keeps to its order.
        number = record->epoch = atomic_add_acq_rel(&attach_page->numbered, 1) + 1;
        *slot(thread, 0) = *record;
        publish(thread, 1);
    }
    thread_leave();
    return number;
}
