// See turnover.h. Called by drain.c for each batch of records, and by process.c at the end.
#include "analyzer/turnover.h"

#include "analyzer/must.h"
#include "analyzer/table.h"
#include "analyzer/vector.h"

struct turnover {
    struct table places; // stack -> index
    struct turnover_entry *entries;
    size_t count, room;
};

struct turnover *turnover_new(void) {
    return must(calloc(1, sizeof(struct turnover)));
}

void turnover_free(struct turnover *turnover) {
    if (!turnover)
        return;
    table_free(&turnover->places);
    free(turnover->entries);
    free(turnover);
}

static void add(struct turnover *turnover, uint32_t stack, uint64_t count, uint64_t bytes) {
    int added;
    uint32_t index = *table_at(&turnover->places, stack, (uint32_t)turnover->count, &added);
    if (added)
        VECTOR_PUSH(turnover->entries, turnover->count, turnover->room)->stack = stack;
    turnover->entries[index].count += count;
    turnover->entries[index].bytes += bytes;
}

void turnover_take(struct turnover *turnover, const struct wire_record *records, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct wire_record *record = &records[i];
        if (record->kind == RECORD_ACQUIRE)
            add(turnover, record->stack, 1, record->bytes);
        else if (record->kind == RECORD_TURNOVER)
            add(turnover, record->stack, record->address, record->bytes);
    }
}

struct turnover_entry *turnover_entries(struct turnover *turnover, size_t *count) {
    *count = turnover->count;
    return turnover->entries;
}
