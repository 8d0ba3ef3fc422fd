// See unwind.h: the walk. Steps outward until the thread's start; keeps the innermost and the outermost
// frames. The first half of the room is filled once, the second is a ring that ends up holding the last
// frames. Called by stack.c for every event, from inside malloc of any program.

#include "preload/unwind.h"

#include "preload/unwind_learn.h"
#include "preload/unwind_step.h"
#include "preload/wire/atomic.h"

enum {
    DETOURS = 64
}; // times that sp may go down: each is a signal frame or a switched stack, more is a damaged stack

static bool ready;

bool unwind_ready(void) {
    return atomic_load_acquire(&ready);
}

int unwind_load(void) {
    unwind_stacks_note();
    int result = unwind_learn_start();
    if (result == 0)
        atomic_store_release(&ready, true);
    return result;
}

static void reverse(struct walked_frame *first, struct walked_frame *last) {
    while (first < last) {
        struct walked_frame other = *first;
        *first++ = *last;
        *last-- = other;
    }
}

// Turns frames[0, count) so that frames[start] comes first.
static void rotate(struct walked_frame *frames, size_t count, size_t start) {
    if (start == 0)
        return;
    reverse(frames, frames + start - 1);
    reverse(frames + start, frames + count - 1);
    reverse(frames, frames + count - 1);
}

void unwind_walk(const struct frame_state *start, struct walk *walk) {
    struct unwind_state state = {start->pc, start->sp, start->fp, false};
    unwind_keep_apart(&state);
    struct stack_bounds bounds = unwind_bounds(state.sp);
    size_t inner = walk->limit - walk->limit / 2;
    size_t place = 0;
    int detours = 0;
    walk->elided = false;
    walk->truncated = true;
    bool can_step = atomic_load_acquire(&ready);

    for (;;) {
        struct walked_frame *frame = &walk->frames[place];
        frame->pc = state.pc;
        frame->flags = state.exact ? STACK_EXACT_PC : 0;
        uintptr_t sp = state.sp;
        struct step_trace trace;
        enum step_result result =
            can_step ? unwind_step(&state, &bounds, &frame->flags, &trace) : STEP_FAILED;
        if (result == STEP_FAILED)
            break;
        if (result == STEP_END || (state.pc == 0 && !state.exact)) { // 0 as return address: nobody called
            walk->truncated = false;
            break;
        }
        if (state.sp <= sp && ++detours > DETOURS)
            break;
        if (++place == walk->limit) {
            place = inner;
            walk->elided = true;
        }
    }
    walk->count = walk->elided ? walk->limit : place + 1;
    walk->elided_at = walk->elided ? inner : 0;
    if (walk->elided)
        rotate(walk->frames + inner, walk->limit - inner, (place + 1 - inner) % (walk->limit - inner));
}
