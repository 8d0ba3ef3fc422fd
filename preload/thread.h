// What one thread records into: its extent of the shared memory. A signal handler that interrupts a hook and
// allocates gets an extent of its own (a level), so that nothing in an extent is ever re-entered: levels are
// what makes rings, walk buffers and the last stack single-producer without masking signals.
#pragma once

#include "preload/attach.h"
#include "preload/stack_memo.h"
#include "preload/wire/layout.h"

#include <stddef.h>
#include <stdint.h>

enum { THREAD_LEVELS = 8 };

// The shim's own part of an extent, behind the ring. It lives there because it has to go away with the
// thread, of whose end nobody tells us.
struct thread_scratch {
    struct stack_memo memo;
};

struct thread {
    struct wire_thread *wire;
    struct wire_nursery *nursery;
    struct wire_record *slots;
    struct thread_scratch *scratch;
};

// Begins an event: fills *out with the calling thread's current level. False if this event cannot be
// recorded: the process is not attached, or no extent is left (counted). After true, thread_leave must
// follow.
bool thread_enter(struct thread *out);
void thread_leave(void);

// In a forked child, at once: a signal handler may have forked while it interrupted an event, which the child
// will go on with when the handler returns. It must do so on a copy: the extent is its parent's.
void thread_after_fork(void);
