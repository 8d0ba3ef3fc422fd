// What one thread records into: its extent of the shared memory. A signal handler that interrupts a hook and
// allocates gets an extent of its own (a level), so that nothing in an extent is ever re-entered: levels are
// what makes rings, walk buffers and the last stack single-producer without masking signals.
#pragma once

#include "preload/attach.h"
#include "preload/stack_memo.h"
#include "preload/wire/atomic.h"
#include "preload/wire/layout.h"

#include <stddef.h>
#include <stdint.h>

enum { THREAD_LEVELS = 8 };

// The shim's own part of an extent, behind what the analyzer reads. It lives there because it has to go away
// with the thread, of whose end nobody tells us.
struct thread_scratch {
    uintptr_t move_frame; // while the ring shows a move under way: the frame that began it
    bool is_private;      // in a forked child: a copy, that no analyzer reads
    struct stack_memo memo;
};

// One extent, as this half of the program sees it: constant offsets from one pointer.
struct thread {
    union {
        struct wire_thread wire;
        char head[WIRE_THREAD_HEAD_BYTES];
    };
    struct wire_nursery nursery;
    struct wire_record slots[WIRE_RING_SLOTS] __attribute__((aligned(64))); // the ring may use fewer
    struct thread_scratch scratch;
};
_Static_assert(offsetof(struct thread, slots) == WIRE_SLOTS_AT, "wire layout");
_Static_assert(sizeof(struct thread) <= WIRE_EXTENT_BYTES, "an extent holds it all");

// What the calling thread knows of itself. Plain accesses: only this thread and its signal handlers see it,
// and a handler leaves depth as it found it, unless it jumps out: then frame tells. Initial-exec, so that
// touching it allocates nothing and it is there until the thread's very end.
struct thread_self {
    struct thread *level[THREAD_LEVELS];
    uintptr_t frame[THREAD_LEVELS]; // of the event that a level is in; 0: not known
    uint32_t depth;
    uint32_t generation; // attach_page's, when the levels were claimed
};
extern __thread struct thread_self thread_self __attribute__((visibility("hidden")));

// Is the function whose frame was at `frame` certainly no longer running, as seen from a function of this
// thread whose frame is at `now`? False when in doubt.
bool thread_frame_is_gone(uintptr_t frame, uintptr_t now);

// Part of thread_enter: within an event, going by depth. The depth without events that a signal handler has
// jumped out of.
uint32_t thread_depth(uintptr_t now);

// Part of thread_enter, with depth raised: not attached yet or any more, forked since, or a level that is
// new.
struct thread *thread_enter_slowly(uint32_t depth);

// Begins an event: the calling thread's current level. NULL if this event cannot be recorded: the process is
// not attached, or no extent is left (counted). If not NULL, thread_leave must follow.
__attribute__((always_inline)) static inline struct thread *thread_enter(void) {
    struct thread_self *self = &thread_self;
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    uint32_t depth = self->depth;
    if (unlikely(depth))
        depth = thread_depth(frame);
    self->depth = depth + 1;
    atomic_signal_barrier(); // a handler from here on finds the next level, and may fork
    if (unlikely(depth >= THREAD_LEVELS))
        return thread_enter_slowly(depth);
    self->frame[depth] = frame;
    if (unlikely(self->generation != attach_page->generation || !self->level[depth]))
        return thread_enter_slowly(depth);
    return self->level[depth];
}

// The frame goes first: when depth has not been raised yet, a handler must not take it for this event's.
static inline void thread_leave(void) {
    atomic_signal_barrier();
    uint32_t depth = thread_self.depth - 1;
    thread_self.frame[depth] = 0;
    atomic_signal_barrier();
    thread_self.depth = depth;
}

// Around fork. A signal handler may fork while it interrupts an event, which the child will go on with when
// the handler returns. It must do so on a copy, since the extent is its parent's. The copy is made before the
// fork, while the event stands still. Serialised by the caller.
void thread_before_fork(void);
void thread_after_fork_in_parent(void);
void thread_after_fork_in_child(void);
