// See tally.h. Called by drain.c for each batch of records, and by process.c at the end.
#include "analyzer/tally.h"

#include "analyzer/must.h"
#include "analyzer/table.h"
#include "analyzer/vector.h"

struct tally {
    struct table places; // stack -> index
    struct tally_entry *entries;
    size_t count, room;
};

struct tally *tally_new(void) {
    return must(calloc(1, sizeof(struct tally)));
}

void tally_free(struct tally *tally) {
    if (!tally)
        return;
    table_free(&tally->places);
    free(tally->entries);
    free(tally);
}

static void add(struct tally *tally, uint32_t stack, uint64_t count, uint64_t bytes) {
    int added;
    uint32_t index = *table_at(&tally->places, stack, (uint32_t)tally->count, &added);
    if (added)
        VECTOR_PUSH(tally->entries, tally->count, tally->room)->stack = stack;
    tally->entries[index].count += count;
    tally->entries[index].bytes += bytes;
}

void tally_take(struct tally *tally, const struct wire_record *records, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct wire_record *record = &records[i];
        if (record->kind == RECORD_ACQUIRE)
            add(tally, record->stack, 1, record->bytes);
        else if (record->kind == RECORD_TALLY)
            add(tally, record->stack, record->address, record->bytes);
    }
}

struct tally_entry *tally_entries(struct tally *tally, size_t *count) {
    *count = tally->count;
    return tally->entries;
}
