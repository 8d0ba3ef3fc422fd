// Steps between C's stack and a goroutine's. docs/go.md has the picture.
//
// FRAME_TO_GO, of the runtime's function that calls C: with the offsets of its rule,
//   goroutine = load(sp + ra_offset), depth = load(sp + fp_offset), taken = goroutine's top of stack - depth,
//   sp' = taken + cfa_add, pc' = load(where a Go frame at taken keeps it), fp' = sp + cfa_offset: C's stack
//   pointer when the runtime left it
// FRAME_TO_C, of the runtime's function that runs Go for C: fp is that stack pointer, rounded down to 16
// bytes, and
//   sp' = fp + cfa_offset or a word more, pc' = load(where a Go frame at fp keeps it)
#pragma once

#include "preload/unwind_step.h"

// STEP_CALLER, with *goroutine filled and *bounds the goroutine's stack; or STEP_FAILED, nothing changed.
enum step_result unwind_step_to_go(struct unwind_state *state, struct stack_bounds *bounds,
                                   const struct frame_rule *rule, uintptr_t *goroutine);

// STEP_CALLER or STEP_FAILED.
enum step_result unwind_step_to_c(struct unwind_state *state, struct stack_bounds *bounds,
                                  const struct frame_rule *rule);

// FRAME_FOREIGN: from a C function in Go's text that has no unwind information to the runtime's function that
// called C, past other such functions. That one's frame lies a little further up, since such C code is but
// the runtime's and the standard library's; its return address is known, and its words must make sense. A
// guess all the same: *flags says so.
enum step_result unwind_step_foreign(struct unwind_state *state, const struct stack_bounds *bounds,
                                     uint32_t *flags);

// Would the step from a state at (pc, sp), which went over this goroutine before, come out at (to_pc, to_sp)
// again? Reads no word before those that vouch for it.
bool unwind_still_to_go(uintptr_t pc, uintptr_t sp, uintptr_t goroutine, uintptr_t to_pc, uintptr_t to_sp);
