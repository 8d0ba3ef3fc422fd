// The slow paths of a step: what the table does not know yet, and what rules can't say. Both pass the gate.
#pragma once

#include "preload/frame_rules.h"
#include "preload/unwind_step.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Loads what deriving needs. 0 or -errno.
int unwind_learn_start(void);

// The rule of an address that frame_rules_find did not know: derived, and put into the table if the address
// lies in a loaded object. 0 when libunwind can't be asked now.
packed_rule unwind_learn(uintptr_t address);

// Steps a FRAME_COMPLEX frame: unwinds for real from here on. The frame must be one of this thread's, outward
// of this call.
enum step_result unwind_step_complex(struct unwind_state *state);

// libunwind's own walk from a frame outward; see derive_real_walk.
size_t unwind_real_walk(const struct unwind_state *start, uintptr_t *pcs, size_t limit, bool *ended);
