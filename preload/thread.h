// What one thread records into: its extent of the shared memory. A signal handler that interrupts a hook and
// allocates gets an extent of its own (a level), so that nothing in an extent is ever re-entered: levels are
// what makes rings, walk buffers and the last stack single-producer without masking signals.
#pragma once

#include "preload/attach.h"
#include "preload/module.h"
#include "preload/unwind.h"
#include "preload/wire/layout.h"

#include <stddef.h>
#include <stdint.h>

enum { THREAD_LEVELS = 8 };

// One frame of the last stack as it was interned, outermost first, markers included.
struct interned_frame {
    uintptr_t pc;
    uint32_t flags; // STACK_ flags
    uint32_t node;  // its id
};

// The shim's own part of an extent, behind the ring. It lives there because it has to go away with the
// thread, of whose end nobody tells us.
struct thread_scratch {
    uint32_t last_count;   // entries of interned that are valid
    uint32_t last_unloads; // module_unloads() when they were made
    struct module_identity identity;
    struct walked_frame walked[WIRE_DEPTH_MAX];
    struct interned_frame interned[WIRE_DEPTH_MAX + 2]; // two markers
};

struct thread {
    struct wire_thread *wire;
    struct wire_record *slots;
    struct thread_scratch *scratch;
};

// Begins an event: fills *out with the calling thread's current level. False if this event cannot be
// recorded: the process is not attached, or no extent is left (counted). After true, thread_leave must
// follow.
bool thread_enter(struct thread *out);
void thread_leave(void);
