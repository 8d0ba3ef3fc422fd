// The live set's door: takes records, keeps the counts, and settles by itself what arrives in order, which is
// nearly all. What does not goes to live_order.c. Must not trust a record: any field may hold anything.
// Called by the drain, one thread.
#include "analyzer/live.h"

#include "analyzer/live_set.h"

#include <errno.h>
#include <stdlib.h>

enum {
    RECORD_AHEAD = 32, // in addition to the next
    BUCKET_AHEAD = 32,
    ENTRY_AHEAD = 16,
    CACHED_BYTES = 1 << 19, // a set below this stays in the cache by itself
};

struct live_set *live_new(size_t expected_blocks) {
    struct live_set *set = live_zeroed_lines(1, sizeof *set);
    live_table_open(&set->table, expected_blocks);
    live_recent_open(&set->recent);
    live_pool_open(&set->nodes, sizeof(struct live_node), 0);
    return set;
}

void live_free(struct live_set *set) {
    if (!set)
        return;
    live_table_close(&set->table);
    live_recent_close(&set->recent);
    live_pool_close(&set->nodes);
    free(set);
}

static void fill(struct live_entry *entry, const struct wire_record *record) {
    entry->epoch = record->epoch;
    entry->bytes = record->bytes;
    entry->stack = record->stack;
    entry->kind = record->kind;
    entry->call = record->call;
    entry->flags = record->flags;
}

static void arrive_first(struct live_set *set, const struct wire_record *record, uint64_t hash) {
    fill(live_entry_at(&set->table, live_table_add(&set->table, record->address, hash)), record);
    if (record->kind == RECORD_ACQUIRE) {
        set->counts.live_blocks++;
        set->counts.live_bytes += record->bytes;
    } else {
        set->counts.waiting_releases++;
    }
}

// The release of the block that is held.
static void close_block(struct live_set *set, uint32_t number, const struct wire_record *release,
                        uint64_t hash) {
    const struct live_entry *entry = live_entry_at(&set->table, number);
    struct live_pair pair = {.address = entry->address,
                             .bytes = entry->bytes,
                             .acquired = entry->epoch,
                             .released = release->epoch,
                             .stack = entry->stack,
                             .call = entry->call,
                             .flags = entry->flags};
    live_recent_add(&set->recent, &pair, hash);
    set->counts.live_blocks--;
    set->counts.live_bytes -= pair.bytes;
    live_table_remove(&set->table, number, hash);
}

// The late acquire of a release that waits.
static void close_release(struct live_set *set, uint32_t number, const struct wire_record *acquire,
                          uint64_t hash) {
    struct live_pair pair = {.address = acquire->address,
                             .bytes = acquire->bytes,
                             .acquired = acquire->epoch,
                             .released = live_entry_at(&set->table, number)->epoch,
                             .stack = acquire->stack,
                             .call = acquire->call,
                             .flags = acquire->flags};
    live_recent_add(&set->recent, &pair, hash);
    set->counts.waiting_releases--;
    live_table_remove(&set->table, number, hash);
}

// Two acquires of one epoch: no recorded release came between them, so it is one block, recorded twice (an
// allocator whose calloc calls malloc), or one whose release no hook saw. The one recorded last is kept.
static void replace_block(struct live_set *set, struct live_entry *entry, const struct wire_record *acquire) {
    set->counts.live_bytes += acquire->bytes - entry->bytes;
    set->counts.superseded++;
    fill(entry, acquire);
}

static void place(struct live_set *set, const struct wire_record *record, uint64_t hash) {
    uint32_t number = live_table_find(&set->table, record->address, hash);
    struct live_entry *entry = live_entry_at(&set->table, number);
    if (live_recent_may_reach(&set->recent, hash, record->epoch) &&
        live_recent_reaches(&set->recent, record->address, hash, record->epoch))
        live_order_insert(set, number, record, hash); // it belongs inside or before a pair that was closed
    else if (!number)
        arrive_first(set, record, hash);
    else if (entry->kind == RECORD_ACQUIRE && record->kind == RECORD_RELEASE && entry->epoch <= record->epoch)
        close_block(set, number, record, hash);
    else if (entry->kind == RECORD_RELEASE && record->kind == RECORD_ACQUIRE && record->epoch <= entry->epoch)
        close_release(set, number, record, hash);
    else if (entry->kind == RECORD_ACQUIRE && record->kind == RECORD_ACQUIRE && record->epoch == entry->epoch)
        replace_block(set, entry, record);
    else
        live_order_insert(set, number, record, hash);
}

static int apply(struct live_set *set, const struct wire_record *record, uint64_t hash) {
    struct live_counts *counts = &set->counts;
    if (record->kind == RECORD_ACQUIRE) {
        counts->acquired++;
        counts->acquired_bytes += record->bytes;
    } else if (record->kind == RECORD_RELEASE) {
        counts->released++;
    } else {
        return -EINVAL;
    }
    place(set, record, hash);
    if (counts->peak_bytes < counts->live_bytes)
        counts->peak_bytes = counts->live_bytes;
    return 0;
}

int live_apply(struct live_set *set, const struct wire_record *record) {
    return apply(set, record, live_hash(record->address));
}

// Each record is met three times: its bucket is asked for BUCKET_AHEAD records before it is applied, its
// entry ENTRY_AHEAD before, so that the memory of many records is on its way at one time. A prefetch changes
// nothing: no harm if the table grows in between.
static size_t apply_ahead(struct live_set *set, const struct wire_record *records, size_t count) {
    uint64_t hash[2 * BUCKET_AHEAD];
    size_t invalid = 0;
    for (size_t i = 0; i < count + BUCKET_AHEAD; i++) {
        if (i < count) {
            __builtin_prefetch(&records[i + RECORD_AHEAD < count ? i + RECORD_AHEAD : i]);
            uint64_t coming = live_hash(records[i].address);
            hash[i % (2 * BUCKET_AHEAD)] = coming;
            __builtin_prefetch(live_table_bucket(&set->table, coming), 1);
            __builtin_prefetch(live_recent_chain(&set->recent, coming), 1);
        }
        size_t entry = i - (BUCKET_AHEAD - ENTRY_AHEAD), now = i - BUCKET_AHEAD;
        if (entry < count)
            __builtin_prefetch(live_table_likely_entry(&set->table, hash[entry % (2 * BUCKET_AHEAD)]), 1);
        if (now < count)
            invalid += apply(set, &records[now], hash[now % (2 * BUCKET_AHEAD)]) != 0;
    }
    return invalid;
}

size_t live_apply_many(struct live_set *set, const struct wire_record *records, size_t count) {
    if (live_table_memory(&set->table) + live_recent_memory(&set->recent) >= CACHED_BYTES)
        return apply_ahead(set, records, count);
    size_t invalid = 0;
    for (size_t i = 0; i < count; i++)
        invalid += live_apply(set, &records[i]) != 0;
    return invalid;
}

void live_end_round(struct live_set *set) {
    live_recent_end_round(&set->recent);
    live_order_end_round(set);
    set->round++;
}

// Nothing under way any more: what two rounds would have made final is final now. The counts hold already:
// they always are those of the order as known so far.
void live_settle(struct live_set *set) {
    live_end_round(set);
    live_end_round(set);
}

void live_count(const struct live_set *set, struct live_counts *out) {
    *out = set->counts;
}

static void visit_every(const struct live_set *set, uint32_t step,
                        void (*visit)(void *context, const struct live_block *block), void *context) {
    for (uint64_t number = 1; number < set->table.entries.used; number += step) {
        const struct live_entry *entry = live_entry_at(&set->table, (uint32_t)number);
        struct live_block block = {entry->address, entry->bytes, entry->stack, entry->call, entry->flags};
        if (entry->kind == ENTRY_HISTORY) {
            const struct live_node *held = live_order_held(set, entry);
            if (!held)
                continue;
            block = (struct live_block){entry->address, held->bytes, held->stack, held->call, held->flags};
        } else if (entry->kind != RECORD_ACQUIRE) {
            continue;
        }
        visit(context, &block);
    }
}

void live_each(const struct live_set *set, void (*visit)(void *context, const struct live_block *block),
               void *context) {
    visit_every(set, 1, visit, context);
}

size_t live_places(const struct live_set *set, uint32_t *from, struct live_place *places, size_t room) {
    uint32_t number = *from ? *from : 1, used = set->table.entries.used; // numbers begin with 1
    size_t count = 0;
    for (; number < used && count < room; number++) {
        const struct live_entry *entry = live_entry_at(&set->table, number);
        places[count] = (struct live_place){entry->address, entry->bytes};
        if (entry->kind == ENTRY_HISTORY) {
            const struct live_node *held = live_order_held(set, entry);
            places[count].bytes = held ? held->bytes : 0;
            count += held != NULL;
        } else {
            count += entry->kind == RECORD_ACQUIRE;
        }
    }
    *from = number;
    return count;
}

void live_some(const struct live_set *set, size_t most,
               void (*visit)(void *context, const struct live_block *block), void *context) {
    size_t all = set->table.entries.used - 1; // numbers begin with 1
    visit_every(set, all > most ? (uint32_t)((all + most - 1) / most) : 1, visit, context);
}

size_t live_memory(const struct live_set *set) {
    return sizeof *set + live_table_memory(&set->table) + live_recent_memory(&set->recent) +
           live_pool_memory(&set->nodes);
}
