// See stack.h. Called by record.c within an event, so the thread's scratch is ours alone.
#include "preload/stack.h"

#include "preload/module.h"
#include "preload/phase.h"
#include "preload/stack_compare.h"
#include "preload/stack_table.h"

// The id of the memo's stack, which fits --depth.
static uint32_t id_of_memo(struct stack_memo *memo) {
    struct memo_frame *frames = memo->frames, *leaf = &frames[memo->count - 1];
    if (leaf->node || (leaf->node = stack_table_find(leaf->hash)))
        return leaf->node;
    // Outward to the first frame that is known, then inward again.
    uint32_t at = memo->count - 1;
    while (at > 0 && !frames[at - 1].node && !(frames[at - 1].node = stack_table_find(frames[at - 1].hash)))
        at--;
    uint32_t parent = 0;
    if (at > 0)
        parent = frames[at - 1].node;
    else if (frames[0].kind == MEMO_STUCK)
        parent =
            stack_table_intern(stack_hash_add(STACK_HASH_START, 0, STACK_TRUNCATED), 0, STACK_TRUNCATED, 0);
    for (; at < memo->count; at++) {
        parent = frames[at].node =
            stack_table_intern(frames[at].hash, parent, frames[at].module, frames[at].pc);
        if (!parent)
            return 0;
    }
    return parent;
}

// A sequence of frames is hashed, or interned, from its outermost frame inward.
struct rolling {
    uint64_t hash;
    uint32_t node;
    bool intern;
};

static void roll(struct rolling *r, uint64_t pc, uint32_t module) {
    r->hash = stack_hash_add(r->hash, pc, module);
    if (r->intern)
        r->node = stack_table_intern(r->hash, r->node, module, pc);
}

static struct rolling roll_walk(struct stack_memo *memo, const struct walk *walk, bool intern) {
    struct rolling r = {.hash = STACK_HASH_START, .intern = intern};
    if (walk->truncated)
        roll(&r, 0, STACK_TRUNCATED);
    for (size_t i = walk->count; i-- > 0;) {
        if (walk->elided && i + 1 == walk->elided_at)
            roll(&r, 0, STACK_ELIDED);
        const struct walked_frame *frame = &walk->frames[i];
        roll(&r, frame->pc, frame->flags | stack_memo_module(memo, frame->pc, frame->flags & STACK_EXACT_PC));
    }
    return r;
}

static uint32_t id_of_walk(struct stack_memo *memo, const struct walk *walk) {
    uint32_t known = stack_table_find(roll_walk(memo, walk, false).hash);
    return known ? known : roll_walk(memo, walk, true).node;
}

// Leaves out the middle of the memo's stack to keep within --depth.
static uint32_t id_of_part(struct stack_memo *memo) {
    uint32_t limit = memory->depth, inner = limit - limit / 2;
    struct walk walk = {.frames = memo->walked,
                        .count = limit,
                        .elided = true,
                        .elided_at = inner,
                        .truncated = memo->frames[0].kind == MEMO_STUCK};
    for (uint32_t i = 0; i < limit; i++) {
        const struct memo_frame *from = &memo->frames[i < inner ? memo->count - 1 - i : limit - 1 - i];
        walk.frames[i] = (struct walked_frame){from->pc, from->module & ~STACK_MODULE_MASK};
    }
    return id_of_walk(memo, &walk);
}

static uint32_t capture_deep(struct thread *thread, const struct frame_state *caller) {
    struct stack_memo *memo = &thread->scratch.memo;
    struct walk walk = {.frames = memo->walked, .limit = memory->depth};
    unwind_walk(caller, &walk);
    thread->wire.truncated_stacks += walk.truncated;
    return id_of_walk(memo, &walk);
}

uint32_t stack_capture(struct thread *thread, const struct frame_state *caller) {
    struct stack_memo *memo = &thread->scratch.memo;
    if (unlikely(!stack_memo_walk(memo, caller)))
        return capture_deep(thread, caller);
    if (unlikely(memory->compare_stacks))
        stack_compare(memo, caller);
    if (unlikely(memo->frames[0].kind == MEMO_STUCK))
        thread->wire.truncated_stacks++;
    return likely(memo->count <= memory->depth) ? id_of_memo(memo) : id_of_part(memo);
}

uint32_t stack_of_address(struct thread *thread, const void *address) {
    struct stack_memo *memo = &thread->scratch.memo;
    struct walked_frame frame = {(uintptr_t)address, 0};
    struct walk walk = {.frames = &frame, .count = 1, .truncated = true};
    return id_of_walk(memo, &walk);
}
