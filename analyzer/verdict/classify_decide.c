// The step of the verdict that needs the target no more: follows the pointers that were found from the roots,
// then from possible blocks, then from each block that is lost. See classify.h.
#include "analyzer/verdict/classify_state.h"

#include <stdlib.h>

// Between the stack and being followed blocks wait in a short queue, while what is known of them comes from
// memory.
enum { WAITING = 16, LISTED = 8 };

struct marking {
    struct classify *classify;
    uint32_t *stack; // blocks whose pointers have not been followed yet
    size_t depth, room;
    uint32_t waiting[WAITING];
    unsigned came, went; // into and out of it, in all
};

static void push(struct marking *m, uint32_t block) {
    if (m->depth == m->room) {
        m->room = m->room ? 2 * m->room : 1024;
        m->stack = verdict_grow(m->stack, m->room * sizeof *m->stack);
    }
    m->stack[m->depth++] = block;
}

// The next block to be followed, in no particular order.
static bool next(struct marking *m, uint32_t *block) {
    const struct pointers *pointers = &m->classify->pointers;
    while (m->depth && m->came - m->went < WAITING) {
        uint32_t coming = m->stack[--m->depth];
        __builtin_prefetch(&pointers->first[coming]);
        m->waiting[m->came++ % WAITING] = coming;
    }
    if (m->came == m->went)
        return false;
    if (m->came - m->went > LISTED) {
        uint64_t first = pointers->first[m->waiting[(m->went + LISTED) % WAITING]];
        if (first < pointers->count)
            __builtin_prefetch(pointers_word(pointers, first));
    }
    *block = m->waiting[m->went++ % WAITING];
    return true;
}

static bool holds_virtual_word(const struct classify *c, uint64_t address) {
    size_t low = 0, high = c->virtual_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->virtual_words[middle] < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < c->virtual_count && c->virtual_words[low] == address;
}

// A start pointer, or one that a heuristic takes for such.
static bool is_start(const struct classify *c, const struct pointer *pointer) {
    uint8_t state = c->state[pointer->target];
    if (pointer->kind != POINTER_AT)
        return pointer->kind == POINTER_START;
    return (pointer->offset == 8 && state & LOOKS_ARRAY) ||
           (pointer->offset == 24 && state & LOOKS_STDSTRING) ||
           (state & LOOKS_VIRTUAL &&
            holds_virtual_word(c, c->blocks[pointer->target].address + pointer->offset));
}

static void follow_reachable(struct marking *m, uint32_t source) {
    struct classify *c = m->classify;
    struct pointer pointer;
    for (uint64_t at = c->pointers.first[source]; pointers_next(&c->pointers, source, &at, &pointer);) {
        uint8_t *state = &c->state[pointer.target];
        if (*state & STATE_REACHABLE)
            continue;
        if (is_start(c, &pointer)) {
            *state |= STATE_REACHABLE;
            push(m, pointer.target);
        } else {
            *state |= STATE_HELD;
        }
    }
}

static void mark_reachable(struct marking *m) {
    uint32_t block = m->classify->count; // the roots
    do
        follow_reachable(m, block);
    while (next(m, &block));
}

static void follow_possible(struct marking *m, uint32_t source) {
    struct classify *c = m->classify;
    struct pointer pointer;
    for (uint64_t at = c->pointers.first[source]; pointers_next(&c->pointers, source, &at, &pointer);) {
        if (c->state[pointer.target] & STATE_CLASS)
            continue;
        c->state[pointer.target] |= STATE_POSSIBLE;
        push(m, pointer.target);
    }
}

static void mark_possible(struct marking *m) {
    struct classify *c = m->classify;
    for (uint32_t i = 0; i < c->count; i++) {
        if ((c->state[i] & (STATE_HELD | STATE_CLASS)) != STATE_HELD)
            continue;
        c->state[i] |= STATE_POSSIBLE;
        uint32_t block = i;
        do
            follow_possible(m, block);
        while (next(m, &block));
    }
}

static struct lost_leader *leader_of(const struct classify *c, uint32_t block) {
    size_t low = 0, high = c->leader_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->leaders[middle].block < block)
            low = middle + 1;
        else
            high = middle;
    }
    return low < c->leader_count && c->leaders[low].block == block ? &c->leaders[low] : NULL;
}

// What `leader` points to is lost with it. A block that was taken for a leader itself, since it came first,
// is one no more: with it come all that it keeps.
static void follow_lost(struct marking *m, uint32_t source, uint32_t leader, struct classify_kept *kept) {
    struct classify *c = m->classify;
    struct pointer pointer;
    for (uint64_t at = c->pointers.first[source]; pointers_next(&c->pointers, source, &at, &pointer);) {
        uint32_t target = pointer.target;
        if (c->state[target] & STATE_CLASS || target == leader)
            continue;
        c->state[target] |= STATE_INDIRECT;
        kept->blocks++;
        kept->bytes += c->blocks[target].bytes;
        c->leader[target] = leader;
        if (target < leader) { // its pointers were followed then
            const struct lost_leader *before = leader_of(c, target);
            kept->blocks += before ? before->kept.blocks : 0;
            kept->bytes += before ? before->kept.bytes : 0;
        } else {
            push(m, target);
        }
    }
}

static void add_leader(struct classify *c, uint32_t block, struct classify_kept kept) {
    if (c->leader_count == c->leader_room) {
        c->leader_room = c->leader_room ? 2 * c->leader_room : 64;
        c->leaders = verdict_grow(c->leaders, c->leader_room * sizeof *c->leaders);
    }
    c->leaders[c->leader_count++] = (struct lost_leader){block, kept};
}

static void mark_lost(struct marking *m) {
    struct classify *c = m->classify;
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->state[i] & STATE_CLASS)
            continue;
        if (!c->leader) {
            c->leader = verdict_allocate(c->count, sizeof *c->leader);
            for (uint32_t block = 0; block < c->count; block++)
                c->leader[block] = block;
        }
        struct classify_kept kept = {0, 0};
        uint32_t block = i;
        do
            follow_lost(m, block, i, &kept);
        while (next(m, &block));
        if (kept.blocks)
            add_leader(c, i, kept);
    }
}

// Takes out those that were taken in by a later one.
static void drop_former_leaders(struct classify *c) {
    size_t kept = 0;
    for (size_t i = 0; i < c->leader_count; i++)
        if (!(c->state[c->leaders[i].block] & STATE_INDIRECT))
            c->leaders[kept++] = c->leaders[i];
    c->leader_count = kept;
}

void classify_decide(struct classify *classify) {
    struct marking m = {.classify = classify};
    mark_reachable(&m);
    mark_possible(&m);
    mark_lost(&m);
    drop_former_leaders(classify);
    for (uint32_t i = 0; i < classify->count; i++) {
        enum classify_class class = classify_class(classify, i);
        classify->counts.class[class].blocks++;
        classify->counts.class[class].bytes += classify->blocks[i].bytes;
    }
    classify->counts.memory_bytes += m.room * sizeof *m.stack;
    free(m.stack);
}
