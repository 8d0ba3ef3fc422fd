// See unwind_step.h: the steps that are not short.
//
// Every read lies at or above the frame's sp (or its red zone), and each CFA above the one before: so a walk
// ends, and on the thread's own stack it reads mapped memory only, whatever the rules say. On other stacks
// (fibers, alternate signal stacks) exact rules are trusted, and a long stride is asked of the kernel first.
// Guesses are made on the thread's own stack only.
//
// Called by unwind_step, for unwind.c.

#include "preload/unwind_step.h"

#include "preload/machine.h"
#include "preload/probe.h"
#include "preload/unwind_go.h"
#include "preload/unwind_learn.h"

#include <stddef.h>
#include <sys/resource.h>

enum {
    WORD = sizeof(uintptr_t),
    PAGE = 4096,
    NEVER_CODE = 0x10000, // nothing is mapped below: vm.mmap_min_addr
    ENTRY_ALIGNMENT = 16, // the entry code aligns the stack it was given
};

#define MAIN_STACK_LEAST   (128ul << 20) // the kernel leaves at least this gap below the main thread's stack
#define THREAD_STACK_LEAST (8ul << 20)

extern void *__libc_stack_end; // where the kernel put argc: the first word of the main thread's stack in use

static uintptr_t main_thread; // thread pointer
static uintptr_t main_low, main_top;
static uintptr_t thread_stack_bytes;

void unwind_stacks_note(void) {
    struct rlimit limit;
    uintptr_t bytes = 0;
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        bytes = limit.rlim_cur;
    main_thread = machine_thread_pointer();
    main_top = ((uintptr_t)__libc_stack_end + PAGE) & ~(uintptr_t)(PAGE - 1);
    uintptr_t reach = bytes > MAIN_STACK_LEAST ? bytes : MAIN_STACK_LEAST;
    main_low = reach < main_top ? main_top - reach : 0;
    thread_stack_bytes = bytes > THREAD_STACK_LEAST ? bytes : THREAD_STACK_LEAST;
}

struct stack_bounds unwind_bounds(uintptr_t sp) {
    uintptr_t thread = machine_thread_pointer();
    if (thread == main_thread) {
        if (sp >= main_low && sp < main_top)
            return (struct stack_bounds){main_top, true};
    } else if (sp < thread && thread - sp < thread_stack_bytes) {
        return (struct stack_bounds){thread, true};
    }
    return (struct stack_bounds){UINTPTR_MAX, false};
}

// An interrupted function may have popped what its unwind information still points to: signals leave the red
// zone as it is.
static inline bool may_load(const struct unwind_state *state, const struct stack_bounds *bounds,
                            uintptr_t slot) {
    uintptr_t low = state->exact ? state->sp - MACHINE_RED_ZONE : state->sp;
    if (slot < low || slot % WORD != 0 || slot > bounds->top - WORD)
        return false;
    return bounds->own || slot - low < UNWIND_STRIDE_UNASKED || probe_word(slot);
}

static uintptr_t base_value(const struct unwind_state *state, uintptr_t cfa, uint8_t base) {
    switch (base) {
    case FRAME_SP:
    case FRAME_SP_LOADED:
        return state->sp;
    case FRAME_FP:
    case FRAME_FP_LOADED:
        return state->fp;
    default:
        return cfa;
    }
}

// A rule that is kept aside.
static enum step_result step_rule(struct unwind_state *state, struct stack_bounds *bounds,
                                  const struct frame_rule *rule, uint32_t *flags, struct step_trace *trace) {
    if (rule->kind == FRAME_TO_GO)
        return unwind_step_to_go(state, bounds, rule, &trace->goroutine);
    if (rule->kind == FRAME_TO_C)
        return unwind_step_to_c(state, bounds, rule);
    if (rule->kind == FRAME_FOREIGN)
        return unwind_step_foreign(state, bounds, flags);
    uintptr_t cfa = base_value(state, 0, rule->cfa_base) + (intptr_t)rule->cfa_offset;
    if (rule->cfa_base == FRAME_SP_LOADED || rule->cfa_base == FRAME_FP_LOADED) {
        if (!may_load(state, bounds, cfa))
            return STEP_FAILED;
        cfa = unwind_load_word(cfa) + (intptr_t)rule->cfa_add;
    }
    bool interrupted = rule->kind == FRAME_SIGNAL;
    uintptr_t ra_slot = base_value(state, cfa, rule->ra_base) + (intptr_t)rule->ra_offset;
    if ((!interrupted && (cfa <= state->sp || cfa > bounds->top)) || !may_load(state, bounds, ra_slot))
        return STEP_FAILED;
    uintptr_t fp = state->fp;
    if (rule->fp_base == FRAME_LOST) {
        fp = 0;
    } else if (rule->fp_base != FRAME_SAME) {
        uintptr_t fp_slot = base_value(state, cfa, rule->fp_base) + (intptr_t)rule->fp_offset;
        if (!may_load(state, bounds, fp_slot))
            return STEP_FAILED;
        fp = unwind_load_word(fp_slot);
    }
    *state = (struct unwind_state){unwind_load_word(ra_slot), cfa, fp, interrupted};
    if (interrupted)
        *bounds = unwind_bounds(cfa);
    return STEP_CALLER;
}

// Code without unwind information.
static enum step_result step_no_info(struct unwind_state *state, const struct stack_bounds *bounds,
                                     uint32_t *flags) {
    // The loader's entry code calls constructors: between its frame and the words that the kernel put there
    // is nothing.
    uintptr_t stack_end = (uintptr_t)__libc_stack_end;
    if (state->sp <= stack_end && stack_end - state->sp < ENTRY_ALIGNMENT)
        return STEP_END;
    // A call through a bad pointer went nowhere: the return address is the last word pushed.
    if (state->exact && state->pc < NEVER_CODE) {
        uintptr_t slot = state->sp;
        if (!may_load(state, bounds, slot))
            return STEP_FAILED;
        *state =
            (struct unwind_state){unwind_load_word(slot), slot - MACHINE_RETURN_OFFSET, state->fp, false};
        return STEP_CALLER;
    }
    uintptr_t fp = state->fp;
    if (!bounds->own || !may_load(state, bounds, fp) || !may_load(state, bounds, fp + WORD) ||
        !probe_word(fp) || (((fp ^ (fp + WORD)) >= PAGE) && !probe_word(fp + WORD)))
        return STEP_FAILED;
    uintptr_t pc = unwind_load_word(fp + WORD);
    if (pc < NEVER_CODE)
        return STEP_FAILED;
    *flags |= STACK_GUESSED;
    *state = (struct unwind_state){pc, fp + 2 * WORD, unwind_load_word(fp), false};
    return STEP_CALLER;
}

static enum step_result step_complex(struct unwind_state *state, struct stack_bounds *bounds) {
    enum step_result result = unwind_step_complex(state);
    *bounds = unwind_bounds(state->sp);
    return result;
}

// A short rule with a long stride off the thread's own stack, or into the red zone.
static enum step_result step_short(struct unwind_state *state, const struct stack_bounds *bounds,
                                   packed_rule packed) {
    uintptr_t base = PACKED_KIND(packed) == PACKED_SP ? state->sp : state->fp;
    uintptr_t cfa = base + PACKED_CFA_WORDS(packed) * WORD;
    uintptr_t slot = cfa + MACHINE_RETURN_OFFSET;
    uintptr_t fp_slot = slot - PACKED_FP_SLOT(packed) * WORD;
    if (cfa <= state->sp || cfa > bounds->top || !may_load(state, bounds, slot) ||
        !may_load(state, bounds, fp_slot))
        return STEP_FAILED;
    uintptr_t fp = fp_slot == slot ? state->fp : unwind_load_word(fp_slot);
    *state = (struct unwind_state){unwind_load_word(slot), cfa, fp, false};
    return STEP_CALLER;
}

enum step_result unwind_step_slowly(struct unwind_state *state, struct stack_bounds *bounds, uint32_t *flags,
                                    struct step_trace *trace) {
    uintptr_t address = state->pc - !state->exact;
    packed_rule packed = frame_rules_find(address);
    if (!packed)
        packed = unwind_learn(address);
    switch (PACKED_KIND(packed)) {
    case PACKED_SP:
    case PACKED_FP:
        return step_short(state, bounds, packed);
    case PACKED_ASIDE:
        return step_rule(state, bounds, frame_rules_aside(packed), flags, trace);
    case PACKED_END:
        return STEP_END;
    case PACKED_NO_INFO:
        return step_no_info(state, bounds, flags);
    case PACKED_COMPLEX:
        return step_complex(state, bounds);
    default:
        return STEP_FAILED;
    }
}
