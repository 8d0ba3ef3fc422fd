// See wishes.h. Called by session.c.
#include "analyzer/wishes.h"
#include "preload/wire/layout.h"

#include <stdlib.h>
#include <string.h>

uint32_t wish_ring_slots(void) {
    const char *wish = getenv("SEEP_DEBUG_RING_SLOTS"); // small rings are full rings
    uint32_t slots = wish ? (uint32_t)strtoul(wish, NULL, 10) : WIRE_RING_SLOTS;
    return slots >= 4 && slots <= WIRE_RING_SLOTS && (slots & (slots - 1)) == 0 ? slots : WIRE_RING_SLOTS;
}

bool wish_compared_stacks(void) {
    const char *wish = getenv("SEEP_DEBUG_COMPARE_STACKS");
    return wish && *wish && strcmp(wish, "0") != 0;
}
