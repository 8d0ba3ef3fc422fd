// The nursery: a recording thread's latest acquired blocks, held back from its ring because most are released
// soon and by the same thread. Such a pair is cancelled here and never sent; only counts remain. The analyzer
// reads what is left when the thread or its process has ended.
//
// An entry is an acquire's record. Why cancelling it is exact: the first release after an acquire either is
// by the same thread, and removes the entry, or it goes through a ring, and moves the address's epoch first.
// So an entry whose epoch is unchanged is the current owner of its address (docs/ordering.md).
//
// Written by its thread only, read by the analyzer when the thread can no longer run. A thread that is killed
// between sending an entry and removing it here leaves the block recorded twice: the entry is then equal to
// one of the last two records of its ring, and the analyzer passes over it.
#pragma once

#include "preload/wire/record.h"

#include <stdint.h>

enum { NURSERY_SETS = 512, NURSERY_WAYS = 4, NURSERY_TURNOVERS = 1024 };

// With wire_memory.turnover: what cancelled itself here, by stack. A stack's place is its id modulo the
// places; who needs a place that another stack has sends that one first (RECORD_TURNOVER). A thread that is
// killed between sending and removing leaves it in both, as above.
struct wire_turnover {
    uint32_t stack;
    uint32_t count; // pairs; 0: the place is empty
    uint64_t bytes; // of all of them
};

// As it travels, and as the analyzer recognises one that was sent.
static inline struct wire_record nursery_turnover_record(const struct wire_turnover *turnover) {
    return (struct wire_record){.address = turnover->count,
                                .bytes = turnover->bytes,
                                .stack = turnover->stack,
                                .kind = RECORD_TURNOVER};
}

struct wire_nursery {
    uint64_t owners[NURSERY_SETS][NURSERY_WAYS]; // the address of each entry that is valid; 0: empty
    struct wire_record entries[NURSERY_SETS][NURSERY_WAYS];
    uint8_t next[NURSERY_SETS]; // the way that is evicted next
    uint64_t cancelled;         // acquires and releases that cancelled each other
    uint64_t cancelled_bytes;
    struct wire_turnover turnovers[NURSERY_TURNOVERS];
};
