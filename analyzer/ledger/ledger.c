// See ledger.h. Filled by drain.c, read by process.c and harvest.c.
#include "analyzer/ledger/ledger.h"
#include "analyzer/ledger/descriptors.h"
#include "analyzer/ledger/mappings.h"
#include "analyzer/ledger/sequence.h"
#include "analyzer/ledger/threads.h"
#include "analyzer/must.h"

#include <stdlib.h>

struct ledger {
    struct sequence sequence;
    struct descriptors *descriptors;
    struct mappings *mappings;
    struct threads *threads;
};

// Events of all books are in one sequence, so that a release taken back is found by its number: each book is
// shown it, and the one that had it knows.
static void enter(void *context, const struct wire_record *record) {
    struct ledger *ledger = context;
    switch (record->kind) {
    case RECORD_OPENED:
    case RECORD_CLOSED:
        descriptors_apply(ledger->descriptors, record);
        break;
    case RECORD_MAPPED:
    case RECORD_UNMAPPED:
        mappings_apply(ledger->mappings, record);
        break;
    case RECORD_THREAD_MADE:
    case RECORD_THREAD_GIVEN:
        threads_apply(ledger->threads, record);
        break;
    case RECORD_TAKEN_BACK:
        threads_apply(ledger->threads, record);
        descriptors_apply(ledger->descriptors, record);
        mappings_apply(ledger->mappings, record);
        break;
    }
}

struct ledger *ledger_new(void) {
    struct ledger *ledger = must(calloc(1, sizeof *ledger));
    sequence_begin(&ledger->sequence, enter, ledger);
    ledger->descriptors = descriptors_new();
    ledger->mappings = mappings_new();
    ledger->threads = threads_new();
    return ledger;
}

void ledger_free(struct ledger *ledger) {
    if (!ledger)
        return;
    sequence_free(&ledger->sequence);
    descriptors_free(ledger->descriptors);
    mappings_free(ledger->mappings);
    threads_free(ledger->threads);
    free(ledger);
}

void ledger_take(struct ledger *ledger, const struct wire_record *record) {
    sequence_take(&ledger->sequence, record);
}

void ledger_settle(struct ledger *ledger) {
    sequence_settle(&ledger->sequence);
}

uint64_t ledger_complete_to(const struct ledger *ledger) {
    return ledger->sequence.next - 1;
}

void ledger_doubt(const struct ledger *ledger, struct ledger_doubts *out) {
    const struct sequence *s = &ledger->sequence;
    *out = (struct ledger_doubts){.missing = s->gaps > s->late ? s->gaps - s->late : 0, .late = s->late};
}

struct descriptors *ledger_descriptors(struct ledger *ledger) {
    return ledger->descriptors;
}

struct mappings *ledger_mappings(struct ledger *ledger) {
    return ledger->mappings;
}

struct threads *ledger_threads(struct ledger *ledger) {
    return ledger->threads;
}
