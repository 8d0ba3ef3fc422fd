// What one process did with descriptors, mappings and threads: its events put in order (sequence.h) and
// entered into the book they belong to.
#pragma once

#include "preload/wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger;

// What may make the books wrong.
struct ledger_doubts {
    uint64_t missing; // events that were lost between their happening and their record
    uint64_t late;    // events that came too late to be put in order
};

// Never NULL: aborts when memory runs out.
struct ledger *ledger_new(void);
void ledger_free(struct ledger *ledger);

// Is this record the ledger's? Others are the heap's, or nonsense.
static inline bool ledger_wants(const struct wire_record *record) {
    return record->kind >= RECORD_FIRST_NUMBERED && record->kind < RECORD_KINDS;
}

// One record of the process, in any order across its rings.
void ledger_take(struct ledger *ledger, const struct wire_record *record);

// No more will come. Idempotent.
void ledger_settle(struct ledger *ledger);

// The number up to which all events have arrived.
uint64_t ledger_complete_to(const struct ledger *ledger);

void ledger_doubt(const struct ledger *ledger, struct ledger_doubts *out);

// Its books.
struct descriptors *ledger_descriptors(struct ledger *ledger);
struct mappings *ledger_mappings(struct ledger *ledger);
struct threads *ledger_threads(struct ledger *ledger);
