// Addresses whose records arrive out of order: sorts them into a history, keeps the counts true to the order
// as known so far, and forgets pairs that can't change any more. Must not decide anything by the order of
// arrival, except between acquires of one epoch. Called by live.c; the argument is docs/ordering.md.
//
// What is counted follows from neighbours alone, so the counts are a sum over the gaps of the order:
//   acquire, release    matched: nothing to count
//   acquire, acquire    the first is superseded
//   acquire, the end    a live block
//   release or the beginning, release    a waiting release
// A scar in a gap stands for acquires in it that were forgotten: what is before it is superseded, what is
// behind it can't match it.
#include "analyzer/live_set.h"

static struct live_node *node_at(const struct live_set *set, uint32_t node) {
    return live_node_at(&set->nodes, node);
}

static bool is_acquire(const struct live_set *set, uint32_t node) {
    return node && node_at(set, node)->kind == RECORD_ACQUIRE;
}

static bool is_release(const struct live_set *set, uint32_t node) {
    return node && node_at(set, node)->kind == RECORD_RELEASE;
}

static bool matched(const struct live_set *set, uint32_t acquire, uint32_t release) {
    return is_acquire(set, acquire) && is_release(set, release) && !node_at(set, acquire)->scar;
}

// Adds the gap between two neighbours to the counts, or takes it away (by is 1 or -1).
static void count_gap(struct live_set *set, uint32_t prev, uint32_t next, int by) {
    struct live_counts *counts = &set->counts;
    if (matched(set, prev, next))
        return;
    if (is_release(set, next))
        counts->waiting_releases += (uint64_t)by;
    if (!is_acquire(set, prev))
        return;
    if (next || node_at(set, prev)->scar) {
        counts->superseded += (uint64_t)by;
    } else {
        counts->live_blocks += (uint64_t)by;
        counts->live_bytes += (uint64_t)by * node_at(set, prev)->bytes;
    }
}

static uint32_t *root_of(const struct live_set *set, uint32_t entry) {
    return &live_entry_at(&set->table, entry)->stack;
}

static uint32_t new_release(struct live_set *set, uint32_t entry, uint64_t epoch) {
    uint32_t node = live_pool_take(&set->nodes);
    *node_at(set, node) =
        (struct live_node){.epoch = epoch, .kind = RECORD_RELEASE, .entry = entry, .bytes = set->round};
    live_queue_push(&set->nodes, &set->revisable, node);
    return node;
}

static uint32_t new_acquire(struct live_set *set, uint32_t entry, uint64_t epoch,
                            const struct live_block *block) {
    uint32_t node = live_pool_take(&set->nodes);
    *node_at(set, node) = (struct live_node){.epoch = epoch,
                                             .kind = RECORD_ACQUIRE,
                                             .entry = entry,
                                             .bytes = block->bytes,
                                             .stack = block->stack,
                                             .call = block->call,
                                             .flags = block->flags};
    return node;
}

// Out of its queue and given back. It must have been taken out of the order.
static void free_node(struct live_set *set, uint32_t node) {
    struct live_queue *queue = is_acquire(set, node) ? &set->overtaken : &set->revisable;
    if (live_queue_holds(&set->nodes, queue, node))
        live_queue_leave(&set->nodes, queue, node);
    live_pool_give_back(&set->nodes, node);
}

static void remove_node(struct live_set *set, uint32_t node) {
    live_history_remove(&set->nodes, root_of(set, node_at(set, node)->entry), node);
    free_node(set, node);
}

// An acquire behind prev is about to be forgotten: if prev is an acquire too, it must not match what comes
// behind.
static void leave_scar(struct live_set *set, uint32_t prev, uint64_t epoch) {
    if (is_acquire(set, prev) && !node_at(set, prev)->scar)
        node_at(set, prev)->scar = epoch;
}

// A history of one record that needs no history becomes an ordinary entry again; an empty one leaves the
// table.
static void simplify(struct live_set *set, uint32_t number) {
    struct live_entry *entry = live_entry_at(&set->table, number);
    uint32_t root = entry->stack;
    if (!root) {
        live_table_remove(&set->table, number, live_hash(entry->address));
        return;
    }
    struct live_node *node = node_at(set, root);
    if (node->prev || node->next || (node->kind == RECORD_ACQUIRE && node->scar))
        return;
    entry->epoch = node->epoch;
    entry->bytes = node->kind == RECORD_ACQUIRE ? node->bytes : 0;
    entry->stack = node->stack;
    entry->call = node->call;
    entry->flags = node->flags;
    entry->kind = node->kind;
    free_node(set, root);
}

static void forget_pair(struct live_set *set, uint32_t acquire, uint32_t release) {
    uint32_t entry = node_at(set, acquire)->entry;
    leave_scar(set, node_at(set, acquire)->prev, node_at(set, acquire)->epoch);
    remove_node(set, acquire);
    remove_node(set, release);
    simplify(set, entry);
}

struct gathering {
    struct live_set *set;
    uint32_t entry;
};

static void gather_pair(void *context, const struct live_pair *pair) {
    struct gathering *to = context;
    uint32_t *root = root_of(to->set, to->entry);
    struct live_block block = {
        .bytes = pair->bytes, .stack = pair->stack, .call = pair->call, .flags = pair->flags};
    live_history_insert(&to->set->nodes, root, new_acquire(to->set, to->entry, pair->acquired, &block));
    live_history_insert(&to->set->nodes, root, new_release(to->set, to->entry, pair->released));
}

// All that is known of the address, as a history. Changes no count: the order is the one that was counted.
static void make_history(struct live_set *set, uint32_t number, uint64_t hash) {
    struct live_entry *entry = live_entry_at(&set->table, number), was = *entry;
    entry->kind = ENTRY_HISTORY;
    entry->stack = 0;
    live_recent_take(&set->recent, was.address, hash, gather_pair,
                     &(struct gathering){.set = set, .entry = number});
    if (was.kind == ENTRY_NONE)
        return;
    struct live_block block = {.bytes = was.bytes, .stack = was.stack, .call = was.call, .flags = was.flags};
    uint32_t node = was.kind == RECORD_ACQUIRE ? new_acquire(set, number, was.epoch, &block)
                                               : new_release(set, number, was.epoch);
    live_history_insert(&set->nodes, root_of(set, number), node);
}

// Two acquires of one epoch: no recorded release came between them, whatever is still to arrive. The later
// one is the block.
static void replace_acquire(struct live_set *set, uint32_t old, uint32_t new) {
    struct live_node *kept = node_at(set, old), *taken = node_at(set, new);
    count_gap(set, old, kept->next, -1);
    kept->bytes = taken->bytes;
    kept->stack = taken->stack;
    kept->call = taken->call;
    kept->flags = taken->flags;
    count_gap(set, old, kept->next, 1);
    set->counts.superseded++;
    free_node(set, new);
}

static void forget_overtaken(struct live_set *set) {
    uint32_t node = set->overtaken.oldest, entry = node_at(set, node)->entry;
    live_queue_leave(&set->nodes, &set->overtaken, node);
    if (!node_at(set, node)->scar && !is_acquire(set, node_at(set, node)->next))
        return; // its release came after all
    leave_scar(set, node_at(set, node)->prev, node_at(set, node)->epoch);
    remove_node(set, node);
    simplify(set, entry);
}

static void note_overtaken(struct live_set *set, uint32_t node) {
    if (!is_acquire(set, node) || live_queue_holds(&set->nodes, &set->overtaken, node))
        return;
    if (node_at(set, node)->scar || is_acquire(set, node_at(set, node)->next))
        live_queue_push(&set->nodes, &set->overtaken, node);
}

// Counts a node that was just inserted, and draws the conclusions.
static void settle_in(struct live_set *set, uint32_t node) {
    struct live_node *new = node_at(set, node), *prev = node_at(set, new->prev);
    count_gap(set, new->prev, new->next, -1);
    if (is_acquire(set, new->prev) && prev->scar &&
        new->epoch < prev->scar) { // the scar is behind the new one
        if (new->kind == RECORD_ACQUIRE)
            new->scar = prev->scar;
        prev->scar = 0;
    }
    count_gap(set, new->prev, node, 1);
    count_gap(set, node, new->next, 1);
    note_overtaken(set, new->prev);
    note_overtaken(set, node);
    // A release that waited longer than two rounds has no record before it under way: its pair is final at
    // once.
    if (matched(set, node, new->next) && !live_queue_holds(&set->nodes, &set->revisable, new->next))
        forget_pair(set, node, new->next);
}

void live_order_insert(struct live_set *set, uint32_t entry, const struct wire_record *record,
                       uint64_t hash) {
    if (!entry) {
        entry = live_table_add(&set->table, record->address, hash);
        live_entry_at(&set->table, entry)->kind = ENTRY_NONE;
    }
    if (live_entry_at(&set->table, entry)->kind != ENTRY_HISTORY)
        make_history(set, entry, hash);
    struct live_block block = {
        .bytes = record->bytes, .stack = record->stack, .call = record->call, .flags = record->flags};
    uint32_t node = record->kind == RECORD_ACQUIRE ? new_acquire(set, entry, record->epoch, &block)
                                                   : new_release(set, entry, record->epoch);
    live_history_insert(&set->nodes, root_of(set, entry), node);
    uint32_t prev = node_at(set, node)->prev;
    if (record->kind == RECORD_ACQUIRE && is_acquire(set, prev) &&
        node_at(set, prev)->epoch == record->epoch) {
        live_history_remove(&set->nodes, root_of(set, entry), node);
        replace_acquire(set, prev, node);
        return;
    }
    settle_in(set, node);
    while (set->overtaken.length > LIVE_OVERTAKEN)
        forget_overtaken(set);
}

void live_order_end_round(struct live_set *set) {
    for (uint32_t release; (release = set->revisable.oldest) && node_at(set, release)->bytes < set->round;) {
        uint32_t acquire = node_at(set, release)->prev;
        live_queue_leave(&set->nodes, &set->revisable, release);
        if (matched(set, acquire, release))
            forget_pair(set, acquire, release);
    }
}

const struct live_node *live_order_held(const struct live_set *set, const struct live_entry *entry) {
    uint32_t last = live_history_last(&set->nodes, entry->stack);
    return is_acquire(set, last) && !node_at(set, last)->scar ? node_at(set, last) : NULL;
}
