// One step of a walk: from a frame's state to its caller's. What it reads of the stack depends on the frame
// rule and the state alone, so a state and the words at the slots read determine everything outward of it.
#pragma once

#include "preload/wire/stacks.h"

#include <stdbool.h>
#include <stdint.h>

struct unwind_state {
    uintptr_t pc; // return address, or the interrupted instruction if exact
    uintptr_t sp;
    uintptr_t fp;
    bool exact;
};

// The stack that a state lies on.
struct stack_bounds {
    uintptr_t top; // no frame reaches above it; UINTPTR_MAX when the stack is not the thread's own
    bool own;      // [sp, top) is mapped
};

enum step_result {
    STEP_CALLER, // the state is the caller's now
    STEP_END,    // the frame was the outermost one
    STEP_FAILED, // nobody can tell the caller
};

// What rules need to know about stacks; called once, by the main thread.
void unwind_stacks_note(void);

struct stack_bounds unwind_bounds(uintptr_t sp);

// What a step read, for who wants to know later whether it would come out the same. A plain step read the
// return address at sp' + MACHINE_RETURN_OFFSET, where sp' is the caller's sp, and, if fp_slot is not 0, the
// caller's fp in the fp_slot-th word below that; nothing else of the stack.
struct step_trace {
    bool plain;
    uint8_t fp_slot;
};

// Steps outward; bounds follow when the stack changes. *flags receives STACK_GUESSED when it was a guess,
// else is left alone.
enum step_result unwind_step(struct unwind_state *state, struct stack_bounds *bounds, uint32_t *flags,
                             struct step_trace *trace);
