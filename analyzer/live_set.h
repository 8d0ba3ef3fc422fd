// What live.c and live_order.c share: the set itself. For nobody else.
#pragma once

#include "analyzer/live.h"
#include "analyzer/live_history.h"
#include "analyzer/live_recent.h"
#include "analyzer/live_table.h"

// An address is in one of these states, of which the first four need no history:
//   nothing known | one block held | one release waits    (table), and besides, recent pairs, all below that
//   one record a history: two or more records                        (table, nodes), and no recent pairs
struct live_set {
    struct live_table table;
    struct live_recent recent;
    struct live_pool nodes; // of all histories
    struct live_queue
        revisable; // releases in histories, in the order in which they were read, for two rounds
    struct live_queue
        overtaken; // acquires in histories that were followed by another one: the latest LIVE_OVERTAKEN
    uint64_t round;
    struct live_counts counts;
};

// How many overtaken acquires are remembered in case their release still comes. It may be late only if its
// thread sits between the two sides of a realloc, so this is far more than can ever be needed; it bounds what
// a program costs that gives back blocks behind the hooks' back.
enum { LIVE_OVERTAKEN = 1 << 16 };

// The record goes to the address's history, which is made of the entry (0: none) and the recent pairs if need
// be.
void live_order_insert(struct live_set *set, uint32_t entry, const struct wire_record *record, uint64_t hash);

// A round has ended: histories forget what can't change any more.
void live_order_end_round(struct live_set *set);

// The block that a history leaves held, NULL if none. Valid until the set changes.
const struct live_node *live_order_held(const struct live_set *set, const struct live_entry *entry);
