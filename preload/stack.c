// See stack.h. Called by record.c within an event, so the thread's scratch is ours alone.
#include "preload/stack.h"
#include "preload/module.h"
#include "preload/stack_table.h"

// Builds a stack from its outermost frame inward. As long as frames equal those of the thread's last stack
// their nodes are known; from the first difference on they are looked up.
struct builder {
    struct thread_scratch *scratch;
    uint32_t at;     // position in scratch->interned
    uint32_t parent; // node of the frame before
    bool same;       // everything so far was as in the last stack
    bool full;       // the table had no room
};

static struct builder begin(struct thread *thread) {
    struct thread_scratch *scratch = thread->scratch;
    uint32_t unloads = module_unloads();
    bool same = scratch->last_unloads == unloads; // else an address may mean another module than it did
    scratch->last_unloads = unloads;
    return (struct builder){.scratch = scratch, .same = same};
}

static void add(struct builder *b, uintptr_t pc, uint32_t flags) {
    struct interned_frame *frame = &b->scratch->interned[b->at];
    if (b->same && (b->at >= b->scratch->last_count || frame->pc != pc || frame->flags != flags))
        b->same = false;
    if (!b->same) {
        uint32_t module = pc ? module_of(&b->scratch->identity, flags & STACK_EXACT_PC ? pc : pc - 1) : 0;
        *frame = (struct interned_frame){pc, flags, stack_table_intern(b->parent, module | flags, pc)};
        b->full |= frame->node == 0;
    }
    b->parent = frame->node;
    b->at++;
}

static uint32_t finish(struct builder *b) {
    b->scratch->last_count = b->full ? 0 : b->at;
    return b->full ? 0 : b->parent;
}

uint32_t stack_capture(struct thread *thread, const struct frame_state *caller) {
    struct walk walk = {.frames = thread->scratch->walked, .limit = memory->depth};
    unwind_walk(caller, &walk);

    struct builder b = begin(thread);
    if (walk.truncated) {
        thread->wire->truncated_stacks++;
        add(&b, 0, STACK_TRUNCATED);
    }
    for (size_t i = walk.count; i-- > 0;) {
        if (walk.elided && i + 1 == walk.elided_at)
            add(&b, 0, STACK_ELIDED);
        add(&b, walk.frames[i].pc, walk.frames[i].flags);
    }
    return finish(&b);
}

uint32_t stack_of_address(struct thread *thread, const void *address) {
    struct builder b = begin(thread);
    add(&b, 0, STACK_TRUNCATED);
    add(&b, (uintptr_t)address, 0);
    return finish(&b);
}
