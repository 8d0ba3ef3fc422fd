// Pairs of an acquire and its release that were closed in this round or the one before: no block is held any
// more, but a record that is still on its way may belong between the two. They are the bulk of the traffic,
// so keeping one costs an append, and forgetting costs nothing: they lie in one array in the order in which
// they were closed, chained by hash to the ones before, and moving the floor forgets all below it at once.
// Called by live.c; knows nothing of the rules.
//
//   floor <= this_round <= next <= floor + capacity;  pairs [floor, next) are kept, position p at pairs[p %
//   capacity].
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live_pair {
    uint64_t address;
    uint64_t bytes;
    uint64_t acquired; // epochs
    uint64_t released;
    uint64_t before; // position of the pair before it in its chain; below the floor: none
    uint32_t stack;
    uint8_t call;
    uint8_t gone; // 1: taken back, no longer a pair
    uint16_t flags;
};

struct live_chain {
    uint64_t last; // position of the newest pair of the chain; below the floor: the chain is empty
    uint64_t top;  // no pair of the chain has a higher release epoch
};

struct live_recent {
    struct live_pair *pairs;
    struct live_chain *chains;
    uint64_t mask;       // capacity - 1; there are as many chains as places
    uint64_t floor;      // all pairs below are forgotten
    uint64_t this_round; // the first pair closed in this round
    uint64_t next;
};

void live_recent_open(struct live_recent *recent);
void live_recent_close(struct live_recent *recent);
void live_recent_grow(struct live_recent *recent);
size_t live_recent_memory(const struct live_recent *recent);

// Is there a pair of this address whose release is at or above this epoch?
bool live_recent_reaches(const struct live_recent *recent, uint64_t address, uint64_t hash, uint64_t epoch);

// Calls take for each pair of the address and forgets it. The pair is valid during the call only.
void live_recent_take(struct live_recent *recent, uint64_t address, uint64_t hash,
                      void (*take)(void *context, const struct live_pair *pair), void *context);

static inline struct live_chain *live_recent_chain(const struct live_recent *recent, uint64_t hash) {
    return &recent->chains[(hash >> 16) & recent->mask];
}

// False is certain; true means that live_recent_reaches has to look. One read of a small table.
static inline bool live_recent_may_reach(const struct live_recent *recent, uint64_t hash, uint64_t epoch) {
    const struct live_chain *chain = live_recent_chain(recent, hash);
    return chain->last >= recent->floor && chain->top >= epoch;
}

static inline void live_recent_add(struct live_recent *recent, const struct live_pair *pair, uint64_t hash) {
    if (recent->next - recent->floor > recent->mask)
        live_recent_grow(recent);
    struct live_chain *chain = live_recent_chain(recent, hash);
    struct live_pair *place = &recent->pairs[recent->next & recent->mask];
    *place = *pair;
    place->before = chain->last;
    if (chain->last < recent->floor || chain->top < pair->released)
        chain->top = pair->released;
    chain->last = recent->next++;
}

static inline void live_recent_end_round(struct live_recent *recent) {
    recent->floor = recent->this_round;
    recent->this_round = recent->next;
}
