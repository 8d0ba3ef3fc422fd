// Asks libunwind. All but derive_load is called under the gate (unwind_gate.h) and switches to a stack of its
// own: the caller's may have but a few hundred bytes left.
#pragma once

#include "preload/frame_rules.h"
#include "preload/machine.h"
#include "preload/unwind_step.h"

#include <dlfcn.h>

// Loads libunwind. 0, or -ENOENT (not installed), -ENOSYS (a version without what is needed), -ENOMEM.
int derive_load(void);

// The rule of an address in a loaded object. found is what _dl_find_object said of it.
struct frame_rule derive_rule(uintptr_t address, const struct dl_find_object *found);

// Steps a frame that rules can't: unwinds with all registers from `from`, registers of a function that is
// still running, until it meets *state, and one frame further. *state is changed on STEP_CALLER only.
enum step_result derive_real_step(const struct machine_registers *from, struct unwind_state *state);

// For the comparison of walks: libunwind's own, step by step, from the frame with start's pc and sp outward.
// Fills pcs innermost first, at most limit, and returns their number; *ended tells whether the last one is
// the outermost.
size_t derive_real_walk(const struct machine_registers *from, const struct unwind_state *start,
                        uintptr_t *pcs, size_t limit, bool *ended);
