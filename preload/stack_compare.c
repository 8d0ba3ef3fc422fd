// See stack_compare.h. Called by stack.c.
#include "preload/stack_compare.h"

#include "preload/attach.h"
#include "preload/unwind_learn.h"
#include "preload/wire/atomic.h"

enum { COMPARED_FRAMES = 128 }; // innermost ones; on the caller's stack, as nothing else is at hand here

// From a guessed frame on there is nothing to compare with: libunwind guesses otherwise, and neither is right
// by construction.
static bool is_guessed(const struct stack_memo *memo, uint32_t from_innermost) {
    return memo->frames[memo->count - 1 - from_innermost].module & STACK_GUESSED;
}

static bool differs(const struct stack_memo *memo, const uintptr_t *pcs, size_t count, bool ended) {
    for (uint32_t i = 0; i < count && i < memo->count; i++) {
        if (memo->frames[memo->count - 1 - i].pc != pcs[i])
            return true;
        if (is_guessed(memo, i))
            return false;
    }
    bool ours_ended = memo->frames[0].kind == MEMO_END || memo->frames[0].kind == MEMO_ZERO;
    if (ended)
        return !ours_ended || count != memo->count;
    return ours_ended && count > memo->count; // it may know less than we do, not more
}

void stack_compare(const struct stack_memo *memo, const struct frame_state *caller) {
    uintptr_t pcs[COMPARED_FRAMES];
    bool ended;
    struct unwind_state start = {caller->pc, caller->sp, caller->fp, false};
    size_t count = unwind_real_walk(&start, pcs, COMPARED_FRAMES, &ended);
    if (count == 0)
        return;
    struct wire_process *process = attach_process();
    atomic_add_relaxed(&process->stacks_compared, 1); // counts
    if (differs(memo, pcs, count, ended))
        atomic_add_relaxed(&process->stacks_different, 1);
}
