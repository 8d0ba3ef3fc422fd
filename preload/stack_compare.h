// A check on the walk, for tests and for doubts (SEEP_DEBUG_COMPARE_STACKS): every captured stack against
// libunwind's own, step by step. Slow.
#pragma once

#include "preload/stack_memo.h"

// Compares the walk that the memo holds and counts the outcome in the process's slot. Called within the event
// that walked, from the frame that called the hook.
void stack_compare(const struct stack_memo *memo, const struct frame_state *caller);
