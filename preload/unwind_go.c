// See unwind_go.h. A goroutine's record begins with the bounds of its stack, in every release. Records and
// stacks lie in Go's heap, which is never unmapped; but that a word is a goroutine's address is only as sure
// as the layout that was read off the code, so the kernel is asked before it is followed the first time, and
// what it says must make sense.
//
// A goroutine's stack doesn't move while it runs C code (the runtime takes it for a system call), and the
// depth holds also after it moved in a callback.
//
// Must not: take locks, call libc. Called by unwind_step.c and stack_memo.c.

#include "preload/unwind_go.h"

#include "preload/go_modules.h"
#include "preload/machine_go.h"
#include "preload/probe.h"
#include "preload/unwind_learn.h"

enum {
    WORD = sizeof(uintptr_t),
    FRAME_MOST = 4096,   // no farther from sp does the runtime keep its words
    FOREIGN_MOST = 2048, // bytes of frames of C that has no unwind information
    C_ALIGNMENT = 16,    // of sp where C is called
    ALIGNMENT_WORDS = 2, // C's stack pointer was a multiple of a word, and is told rounded down to two
};
#define GOROUTINE_STACK_MOST (4ull << 30) // the runtime's own limit is 1 GiB, unless the program raises it

// Is [slot, slot + WORD) mapped stack at or above sp?
static bool may_load(const struct unwind_state *state, const struct stack_bounds *bounds, uintptr_t slot) {
    return slot >= state->sp && slot - state->sp < FRAME_MOST && slot % WORD == 0 &&
           slot <= bounds->top - WORD && (bounds->own || probe_word(slot));
}

struct goroutine_stack {
    uintptr_t low, top;
};

static bool stack_of(uintptr_t goroutine, struct goroutine_stack *stack) {
    if (goroutine == 0 || goroutine % WORD != 0 || !probe_word(goroutine) || !probe_word(goroutine + WORD))
        return false;
    stack->low = unwind_load_word(goroutine);
    stack->top = unwind_load_word(goroutine + WORD);
    return stack->low < stack->top && stack->top % WORD == 0 &&
           stack->top - stack->low < GOROUTINE_STACK_MOST;
}

enum step_result unwind_step_to_go(struct unwind_state *state, struct stack_bounds *bounds,
                                   const struct frame_rule *rule, uintptr_t *goroutine) {
    uintptr_t goroutine_slot = state->sp + (intptr_t)rule->ra_offset;
    uintptr_t depth_slot = state->sp + (intptr_t)rule->fp_offset;
    if (!may_load(state, bounds, goroutine_slot) || !may_load(state, bounds, depth_slot))
        return STEP_FAILED;
    uintptr_t at = unwind_load_word(goroutine_slot), depth = unwind_load_word(depth_slot);
    struct goroutine_stack stack;
    if (!stack_of(at, &stack) || depth < (uintptr_t)rule->cfa_add || depth % WORD != 0 ||
        depth > stack.top - stack.low)
        return STEP_FAILED;
    uintptr_t cfa = stack.top - depth + (uintptr_t)rule->cfa_add;
    uintptr_t slot = machine_go_return_slot(stack.top - depth, cfa);
    if (!probe_word(slot) || !go_modules_have(unwind_load_word(slot)))
        return STEP_FAILED;
    *state = (struct unwind_state){unwind_load_word(slot), cfa,
                                   state->sp + (uintptr_t)(intptr_t)rule->cfa_offset, false};
    *bounds = (struct stack_bounds){stack.top, false};
    *goroutine = at;
    return STEP_CALLER;
}

bool unwind_still_to_go(uintptr_t pc, uintptr_t sp, uintptr_t goroutine, uintptr_t to_pc, uintptr_t to_sp) {
    packed_rule packed = frame_rules_find(pc - 1);
    if (PACKED_KIND(packed) != PACKED_ASIDE)
        return false;
    const struct frame_rule *rule = frame_rules_aside(packed);
    if (rule->kind != FRAME_TO_GO || unwind_load_word(sp + (intptr_t)rule->ra_offset) != goroutine)
        return false;
    uintptr_t taken = unwind_load_word(goroutine + WORD) - unwind_load_word(sp + (intptr_t)rule->fp_offset);
    uintptr_t cfa = taken + (uintptr_t)rule->cfa_add;
    return cfa == to_sp && unwind_load_word(machine_go_return_slot(taken, cfa)) == to_pc;
}

enum step_result unwind_step_to_c(struct unwind_state *state, struct stack_bounds *bounds,
                                  const struct frame_rule *rule) {
    // Where a signal interrupted Go code fp is its frame pointer, not C's stack.
    struct stack_bounds c = unwind_bounds(state->fp);
    for (int words = 0; words < ALIGNMENT_WORDS; words++) {
        uintptr_t sp = state->fp + (uintptr_t)words * WORD;
        uintptr_t cfa = sp + (uintptr_t)(intptr_t)rule->cfa_offset;
        uintptr_t slot = machine_go_return_slot(sp, cfa);
        if (slot % WORD != 0 || slot < state->fp || slot > c.top - WORD || !probe_word(slot))
            return STEP_FAILED;
        uintptr_t pc = unwind_load_word(slot);
        if (!go_modules_have(pc))
            continue;
        *state = (struct unwind_state){pc, cfa, 0, false};
        *bounds = c;
        return STEP_CALLER;
    }
    return STEP_FAILED;
}

// Is there, at sp, a frame of the runtime's function that calls C, behind its call at pc?
static bool is_call_of_c(const struct stack_bounds *bounds, uintptr_t pc, uintptr_t sp) {
    packed_rule packed = frame_rules_find(pc - 1);
    if (!packed)
        packed = unwind_learn(pc - 1);
    if (PACKED_KIND(packed) == PACKED_END) // the runtime's start calls C itself
        return true;
    if (PACKED_KIND(packed) != PACKED_ASIDE)
        return false;
    const struct frame_rule *rule = frame_rules_aside(packed);
    struct unwind_state state = {pc, sp, 0, false};
    if (rule->kind == FRAME_TO_GO) {
        struct stack_bounds other = *bounds;
        uintptr_t goroutine;
        return unwind_step_to_go(&state, &other, rule, &goroutine) == STEP_CALLER;
    }
    uintptr_t slot = sp + (uintptr_t)(intptr_t)rule->cfa_offset;
    if (rule->kind != FRAME_STEP || rule->cfa_base != FRAME_SP_LOADED || !may_load(&state, bounds, slot))
        return false;
    uintptr_t caller = unwind_load_word(slot) + (uintptr_t)rule->cfa_add; // its sp, on the same stack
    uintptr_t pc_slot = caller + (uintptr_t)(intptr_t)rule->ra_offset;
    return may_load(&state, bounds, pc_slot) && go_modules_have(unwind_load_word(pc_slot));
}

enum step_result unwind_step_foreign(struct unwind_state *state, const struct stack_bounds *bounds,
                                     uint32_t *flags) {
    if (!bounds->own)
        return STEP_FAILED;
    uintptr_t slot = (state->sp + WORD - 1) & ~(uintptr_t)(WORD - 1);
    for (; slot - state->sp < FOREIGN_MOST && slot <= bounds->top - WORD; slot += WORD) {
        uintptr_t pc = unwind_load_word(slot);
        if ((slot + WORD) % C_ALIGNMENT != 0 || !go_modules_have(pc) ||
            !is_call_of_c(bounds, pc, slot + WORD))
            continue;
        *flags |= STACK_GUESSED;
        *state = (struct unwind_state){pc, slot + WORD, 0, false};
        return STEP_CALLER;
    }
    return STEP_FAILED;
}
