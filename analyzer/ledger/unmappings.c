// See unmappings.h. Called by mappings.c.
#include "analyzer/ledger/unmappings.h"

#include <stdlib.h>

enum { MOVES_SPARED = 64 }; // a hostile program has no end of them: at most so many in a row are passed over

struct unmapping *unmappings_place(struct unmappings *unmappings) {
    struct unmapping *place = NULL;
    for (int tries = 0; tries <= MOVES_SPARED; tries++) {
        place = &unmappings->latest[unmappings->next];
        unmappings->next = (unmappings->next + 1) % UNMAPPINGS;
        if (!place->number || !place->moves)
            break;
    }
    return place;
}

// The latest first: an answer comes soon.
struct unmapping *unmappings_find(struct unmappings *unmappings, uint32_t number) {
    for (size_t back = 1; back <= UNMAPPINGS; back++) {
        struct unmapping *one = &unmappings->latest[(unmappings->next + UNMAPPINGS - back) % UNMAPPINGS];
        if (one->number && (uint32_t)one->number == number)
            return one;
    }
    return NULL;
}

void unmappings_free(struct unmappings *unmappings) {
    for (size_t i = 0; i < UNMAPPINGS; i++)
        free(unmappings->latest[i].pieces);
}
