// The history of one address that has more than one record at a time: all its records that still matter,
// sorted by (epoch, acquire before release). What matches follows from the order alone: a release belongs to
// the acquire right before it. An address is here while records arrive out of order; most never are. A treap
// whose nodes are also a list, so that inserting and removing cost the logarithm of the number of records,
// whatever their order, and neighbours are at hand. Called by live.c.
#pragma once

#include "analyzer/live_pool.h"

#include <stdbool.h>
#include <stdint.h>

struct live_node {
    uint64_t epoch;
    uint64_t bytes; // acquire: of the block; release: the round in which it was read
    uint64_t
        scar; // acquire: epoch of the first acquire that followed it and was forgotten since, 0 for none: a
              // release at or above it is not its own, and there was no release of its own below it
    uint32_t stack;
    uint8_t kind; // RECORD_
    uint8_t call;
    uint16_t flags;
    uint32_t left, right, parent; // of the treap
    uint32_t prev, next;          // in order, 0 at the ends
    uint32_t entry;               // the address's
    uint32_t older, newer;        // of the queue that the node stands in
};
_Static_assert(sizeof(struct live_node) == 64, "one cache line");

static inline struct live_node *live_node_at(const struct live_pool *nodes, uint32_t number) {
    return live_pool_at(nodes, number);
}

// Inserts node, which has epoch, kind and what the caller needs, behind those that sort equal. Sets its
// links.
void live_history_insert(struct live_pool *nodes, uint32_t *root, uint32_t node);

// Takes node out of the order; it is the caller's again.
void live_history_remove(struct live_pool *nodes, uint32_t *root, uint32_t node);

// The newest record, 0 of an empty history.
uint32_t live_history_last(const struct live_pool *nodes, uint32_t root);

// A queue of nodes, oldest first. A node stands in at most one.
struct live_queue {
    uint32_t oldest, newest;
    size_t length;
};

void live_queue_push(struct live_pool *nodes, struct live_queue *queue, uint32_t node);
void live_queue_leave(struct live_pool *nodes, struct live_queue *queue, uint32_t node);
bool live_queue_holds(const struct live_pool *nodes, const struct live_queue *queue, uint32_t node);
