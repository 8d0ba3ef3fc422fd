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
// and a handler leaves depth as it found it. Initial-exec, so that touching it allocates nothing and it is
// there until the thread's very end.
struct thread_self {
    struct thread *level[THREAD_LEVELS];
    uint32_t depth;
    uint32_t generation; // attach_page's, when the levels were claimed
};
extern __thread struct thread_self thread_self __attribute__((visibility("hidden")));

// Part of thread_enter: not attached yet or any more, forked since, or a level that is new.
struct thread *thread_enter_slowly(void);

// Begins an event: the calling thread's current level. NULL if this event cannot be recorded: the process is
// not attached, or no extent is left (counted). If not NULL, thread_leave must follow.
static inline struct thread *thread_enter(void) {
    struct thread_self *self = &thread_self;
    uint32_t depth = self->depth;
    if (unlikely(self->generation != attach_page->generation || depth >= THREAD_LEVELS ||
                 !self->level[depth]))
        return thread_enter_slowly();
    self->depth = depth + 1;
    atomic_signal_barrier(); // a handler from here on finds the next level
    return self->level[depth];
}

static inline void thread_leave(void) {
    atomic_signal_barrier();
    thread_self.depth--;
}

// In a forked child, at once: a signal handler may have forked while it interrupted an event, which the child
// will go on with when the handler returns. It must do so on a copy: the extent is its parent's.
void thread_after_fork(void);
