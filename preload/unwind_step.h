// One step of a walk: from a frame's state to its caller's. What it reads of the stack depends on the frame
// rule and the state alone, so a state and the words at the slots read determine everything outward of it.
#pragma once

#include "preload/frame_rules.h"
#include "preload/machine.h"
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

struct step_trace;

// What no short rule says, or no rule yet. Part of unwind_step.
enum step_result unwind_step_slowly(struct unwind_state *state, struct stack_bounds *bounds, uint32_t *flags,
                                    struct step_trace *trace);

// Reads what may be any word of a stack, so no sanitizer's opinion is asked.
__attribute__((no_sanitize("address", "thread", "undefined"))) static inline uintptr_t
unwind_load_word(uintptr_t slot) {
    return *(const volatile uintptr_t *)slot;
}

// What a step read, for who wants to know later whether it would come out the same. A plain step read the
// return address at sp' + MACHINE_RETURN_OFFSET, where sp' is the caller's sp, and, if fp_slot is not 0, the
// caller's fp in the fp_slot-th word below that; nothing else of the stack.
struct step_trace {
    uintptr_t
        goroutine; // of a step from C to a goroutine's stack: the goroutine's address (unwind_go.h); else 0
    bool plain;
    bool fp_based; // the caller's sp was found from fp; else a plain step without a word at fp_slot passes fp
                   // on unread
    uint8_t fp_slot;
};

// A frame this long can't jump over a guard page. On stacks that are not known to be mapped up to the top,
// more is asked of the kernel.
enum { UNWIND_STRIDE_UNASKED = 4096 };

// By a short rule: a lookup and one or two loads, of the words right below the CFA. False, and nothing
// changed, when it is not as simple as that.
static inline bool unwind_step_shortly(struct unwind_state *state, const struct stack_bounds *bounds,
                                       struct step_trace *trace) {
    packed_rule packed = frame_rules_find(state->pc - !state->exact);
    uint32_t kind = PACKED_KIND(packed);
    uintptr_t cfa =
        (kind == PACKED_SP ? state->sp : state->fp) + PACKED_CFA_WORDS(packed) * sizeof(uintptr_t);
    uintptr_t slot = cfa + MACHINE_RETURN_OFFSET;
    uintptr_t fp_slot = slot - PACKED_FP_SLOT(packed) * sizeof(uintptr_t);
    bool is_short = kind == PACKED_SP || kind == PACKED_FP;
    if (!is_short || cfa <= state->sp || fp_slot < state->sp || cfa > bounds->top || cfa % sizeof cfa != 0)
        return false;
    if (!bounds->own && cfa - state->sp > UNWIND_STRIDE_UNASKED)
        return false;
    if (fp_slot != slot)
        state->fp = unwind_load_word(fp_slot);
    state->pc = unwind_load_word(slot);
    state->sp = cfa;
    state->exact = false;
    *trace = (struct step_trace){0, true, kind == PACKED_FP, PACKED_FP_SLOT(packed)};
    return true;
}

// gcc packs pc and sp into one vector register, which costs more than the rest of a short step. Not if each
// was in its own.
static inline void unwind_keep_apart(struct unwind_state *state) {
    __asm__("" : "+r"(state->pc));
    __asm__("" : "+r"(state->sp));
}

// Steps outward; bounds follow when the stack changes. *flags receives STACK_GUESSED when it was a guess,
// else is left alone.
static inline enum step_result unwind_step(struct unwind_state *state, struct stack_bounds *bounds,
                                           uint32_t *flags, struct step_trace *trace) {
    if (__builtin_expect(unwind_step_shortly(state, bounds, trace), 1))
        return STEP_CALLER;
    *trace = (struct step_trace){0, false, false, 0};
    struct unwind_state copy = *state; // the original may stay in registers
    struct stack_bounds stack = *bounds;
    enum step_result result = unwind_step_slowly(&copy, &stack, flags, trace);
    unwind_keep_apart(&copy);
    *state = copy;
    *bounds = stack;
    return result;
}
