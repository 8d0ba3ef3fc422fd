// Recent pairs: what is not on the path of every record.
#include "analyzer/live_recent.h"

#include "analyzer/live_table.h"

#include <stdlib.h>

enum { FIRST_PLACES = 256 };

static void set_places(struct live_recent *recent, uint64_t places) {
    recent->mask = places - 1;
    recent->pairs = live_zeroed_lines(places, sizeof *recent->pairs);
    recent->chains = live_zeroed_lines(places, sizeof *recent->chains);
}

void live_recent_open(struct live_recent *recent) {
    // Positions start at 1, so that the zero of an untouched chain lies below every floor.
    recent->floor = recent->this_round = recent->next = 1;
    set_places(recent, FIRST_PLACES);
}

void live_recent_close(struct live_recent *recent) {
    free(recent->pairs);
    free(recent->chains);
}

void live_recent_grow(struct live_recent *recent) {
    struct live_recent old = *recent;
    set_places(recent, 2 * (old.mask + 1));
    recent->next = old.floor;
    for (uint64_t at = old.floor; at < old.next; at++) {
        const struct live_pair *pair = &old.pairs[at & old.mask];
        live_recent_add(recent, pair, live_hash(pair->address));
    }
    live_recent_close(&old);
}

size_t live_recent_memory(const struct live_recent *recent) {
    return (recent->mask + 1) * (sizeof *recent->pairs + sizeof *recent->chains);
}

bool live_recent_reaches(const struct live_recent *recent, uint64_t address, uint64_t hash, uint64_t epoch) {
    for (uint64_t at = live_recent_chain(recent, hash)->last; at >= recent->floor;) {
        const struct live_pair *pair = &recent->pairs[at & recent->mask];
        if (pair->address == address && pair->released >= epoch && !pair->gone)
            return true;
        at = pair->before;
    }
    return false;
}

void live_recent_take(struct live_recent *recent, uint64_t address, uint64_t hash,
                      void (*take)(void *context, const struct live_pair *pair), void *context) {
    for (uint64_t at = live_recent_chain(recent, hash)->last; at >= recent->floor;) {
        struct live_pair *pair = &recent->pairs[at & recent->mask];
        if (pair->address == address && !pair->gone) {
            pair->gone = 1;
            take(context, pair);
        }
        at = pair->before;
    }
}
