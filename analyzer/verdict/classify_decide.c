// The step of the verdict that needs the target no more: follows the pointers that were found from the roots,
// then from possible blocks, then from each block that is lost. See classify.h.
#include "analyzer/verdict/classify_state.h"

#include <stdlib.h>

// Blocks that wait on the stack to be followed are taken so many at a time, so that what is known of them
// comes from memory at once.
enum { TOGETHER = 32 };

struct marking {
    struct classify *classify;
    // A bit for each block, besides classify->reached.
    uint64_t *held;    // something reachable holds its inside
    uint64_t *waiting; // reached, and its pointers have not been followed yet, in a sweep
    size_t words;      // of each of them
    uint32_t *stack;   // the same, outside of sweeps
    size_t depth, deepest;
};

// A block comes at most once, so there is room for all.
static void push(struct marking *m, uint32_t block) {
    m->stack[m->depth++] = block;
}

// Takes up to TOGETHER of the waiting blocks. Returns how many.
static size_t take(struct marking *m, uint32_t *blocks) {
    const struct pointers *pointers = &m->classify->pointers;
    size_t count = m->depth < TOGETHER ? m->depth : TOGETHER;
    m->deepest = m->depth > m->deepest ? m->depth : m->deepest;
    for (size_t i = 0; i < count; i++) {
        blocks[i] = m->stack[--m->depth];
        __builtin_prefetch(&pointers->first[blocks[i]]);
    }
    for (size_t i = 0; i < count && count > 1; i++)
        __builtin_prefetch(&pointers->list[pointers->first[blocks[i]]]);
    return count;
}

static uint32_t lowest(uint64_t bits) {
    return (uint32_t)__builtin_ctzll(bits);
}

static bool has_class(const struct classify *c, uint32_t block) {
    return c->reached[block >> 6] >> (block & 63) & 1 || c->state[block] & STATE_CLASS;
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

// What the list from `at` to `end` says is pointed to is reachable, and waits: on the stack, or with a bit.
static inline __attribute__((always_inline)) void follow_reachable(struct marking *m, uint64_t at,
                                                                   uint64_t end, bool in_sweep) {
    const struct classify *c = m->classify;
    const uint32_t *list = c->pointers.list;
    size_t depth = m->depth;
    for (; at < end; at++) {
        struct pointer pointer = {list[at] >> POINTER_KIND_BITS, list[at] & POINTER_KINDS, 0};
        uint64_t bit = 1ull << (pointer.target & 63), *reached = &c->reached[pointer.target >> 6];
        uint64_t fresh = bit & ~*reached;
        if (pointer.kind != POINTER_START) {
            pointer.offset = pointer.kind == POINTER_AT ? 8ull * list[++at] : 0;
            if (!fresh)
                continue;
            if (!is_start(c, &pointer)) {
                m->held[pointer.target >> 6] |= bit;
                continue;
            }
        }
        // Without a branch: which were reached before is anybody's guess.
        *reached |= bit;
        if (in_sweep) {
            m->waiting[pointer.target >> 6] |= fresh;
        } else {
            m->stack[depth] = pointer.target;
            depth += fresh != 0;
        }
    }
    m->depth = depth;
}

// Follows those on the stack until there are none, or so many that a sweep does better.
static void follow_stack(struct marking *m) {
    const uint64_t *first = m->classify->pointers.first;
    uint32_t blocks[TOGETHER];
    while (m->depth && m->depth <= m->words) {
        size_t count = take(m, blocks);
        for (size_t i = 0; i < count; i++)
            follow_reachable(m, first[blocks[i]], first[blocks[i] + 1], false);
    }
}

// Follows all that wait, upward, and what is found to wait above on the way: as blocks lie in memory and
// their pointers in the list. Of neighbours the lists follow each other.
static void sweep(struct marking *m) {
    const uint64_t *first = m->classify->pointers.first;
    for (size_t i = 0; i < m->words; i++)
        while (m->waiting[i]) {
            uint32_t low = lowest(m->waiting[i]);
            uint64_t above = ~(m->waiting[i] >> low);
            uint32_t run = above ? lowest(above) : 64, block = (uint32_t)i * 64 + low;
            m->waiting[i] &= ~(~0ull >> (64 - run) << low);
            follow_reachable(m, first[block], first[block + run], true);
        }
}

static void from_stack_to_bits(struct marking *m) {
    for (; m->depth; m->depth--)
        m->waiting[m->stack[m->depth - 1] >> 6] |= 1ull << (m->stack[m->depth - 1] & 63);
}

static void from_bits_to_stack(struct marking *m) {
    for (size_t i = 0; i < m->words; i++)
        for (; m->waiting[i]; m->waiting[i] &= m->waiting[i] - 1)
            push(m, (uint32_t)i * 64 + lowest(m->waiting[i]));
}

// A sweep looks at all bits, so it is made only where more blocks wait than there are words of bits.
static void mark_reachable(struct marking *m) {
    const struct classify *c = m->classify;
    follow_reachable(m, c->pointers.first[c->count], c->pointers.first[c->count + 1], false); // the roots
    while (m->depth) {
        follow_stack(m);
        if (m->depth) {
            from_stack_to_bits(m);
            sweep(m);
            from_bits_to_stack(m);
        }
    }
}

static void follow_possible(struct marking *m, uint32_t source) {
    struct classify *c = m->classify;
    struct pointer pointer;
    for (uint64_t at = c->pointers.first[source]; pointers_next(&c->pointers, source, &at, &pointer);) {
        if (has_class(c, pointer.target))
            continue;
        c->state[pointer.target] |= STATE_POSSIBLE;
        push(m, pointer.target);
    }
}

static void mark_possible(struct marking *m) {
    struct classify *c = m->classify;
    uint32_t blocks[TOGETHER];
    for (size_t word = 0; word < m->words; word++)
        for (uint64_t left = m->held[word] & ~c->reached[word]; left; left &= left - 1) {
            uint32_t block = (uint32_t)word * 64 + lowest(left);
            if (has_class(c, block))
                continue;
            c->state[block] |= STATE_POSSIBLE;
            push(m, block);
            for (size_t count; (count = take(m, blocks)) > 0;)
                for (size_t i = 0; i < count; i++)
                    follow_possible(m, blocks[i]);
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
        if (has_class(c, target) || target == leader)
            continue;
        c->state[target] |= STATE_INDIRECT;
        kept->blocks++;
        kept->bytes += c->blocks[target].bytes;
        c->leader[target] = leader + 1;
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

// Takes in all that this lost block leads to.
static void mark_lost_from(struct marking *m, uint32_t leader) {
    struct classify *c = m->classify;
    struct classify_kept kept = {0, 0};
    uint32_t blocks[TOGETHER];
    if (!c->leader)
        c->leader = verdict_allocate(c->count, sizeof *c->leader);
    push(m, leader);
    for (size_t count; (count = take(m, blocks)) > 0;)
        for (size_t i = 0; i < count; i++)
            follow_lost(m, blocks[i], leader, &kept);
    if (kept.blocks)
        add_leader(c, leader, kept);
}

// The next of the blocks from `at` on that nothing reachable leads to; count if there is none.
static uint32_t next_unreached(const struct classify *c, uint32_t at) {
    while (at < c->count) {
        uint64_t left = ~c->reached[at >> 6] >> (at & 63);
        if (left)
            return at + lowest(left) < c->count ? at + lowest(left) : c->count;
        at = (at | 63) + 1;
    }
    return c->count;
}

static void mark_lost(struct marking *m) {
    struct classify *c = m->classify;
    for (uint32_t i = next_unreached(c, 0); i < c->count; i = next_unreached(c, i + 1))
        if (!(c->state[i] & STATE_CLASS))
            mark_lost_from(m, i);
}

// Takes out those that were taken in by a later one.
static void drop_former_leaders(struct classify *c) {
    size_t kept = 0;
    for (size_t i = 0; i < c->leader_count; i++)
        if (!(c->state[c->leaders[i].block] & STATE_INDIRECT))
            c->leaders[kept++] = c->leaders[i];
    c->leader_count = kept;
}

// Most blocks are reachable: the others are counted, and what is left of all are those.
static void count_classes(struct classify *c) {
    struct classify_counts *counts = &c->counts;
    counts->class[CLASS_REACHABLE].blocks = c->count;
    counts->class[CLASS_REACHABLE].bytes = c->bytes;
    for (uint32_t i = next_unreached(c, 0); i < c->count; i = next_unreached(c, i + 1)) {
        enum classify_class class = classify_class(c, i);
        counts->class[class].blocks++;
        counts->class[class].bytes += c->blocks[i].bytes;
        counts->class[CLASS_REACHABLE].blocks--;
        counts->class[CLASS_REACHABLE].bytes -= c->blocks[i].bytes;
    }
}

void classify_decide(struct classify *classify) {
    struct marking m = {.classify = classify, .words = classify->count / 64 + 1};
    classify->reached = verdict_allocate(m.words, sizeof *classify->reached);
    m.held = verdict_allocate(m.words, sizeof *m.held);
    m.waiting = verdict_allocate(m.words, sizeof *m.waiting);
    m.stack = verdict_allocate((size_t)classify->count + 1, sizeof *m.stack);
    mark_reachable(&m);
    mark_possible(&m);
    mark_lost(&m);
    drop_former_leaders(classify);
    count_classes(classify);
    classify->counts.memory_bytes += m.deepest * sizeof *m.stack + 3 * m.words * sizeof *m.held;
    free(m.held);
    free(m.waiting);
    free(m.stack);
}
