// A thread's nursery (wire/nursery.h says why cancelling is exact): finding, adding, removing. Called by
// record.c within an event; inline, because most events are nothing else.
#pragma once

#include "preload/wire/nursery.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint32_t nursery_set(uint64_t address) {
    return (uint32_t)((address >> 4) * 0x9e3779b97f4a7c15ull >> (64 - 9));
}
_Static_assert(NURSERY_SETS == 1 << 9, "nursery_set gives nine bits");

// The entry of an address: that of its current owner if this thread holds one, told by the epoch; else any;
// NULL if there is none.
static inline struct wire_record *nursery_find(struct wire_nursery *nursery, const void *block,
                                               uint64_t epoch) {
    struct wire_record *set = nursery->entries[nursery_set((uintptr_t)block)], *any = NULL;
    for (int way = 0; way < NURSERY_WAYS; way++)
        if (set[way].address == (uintptr_t)block && set[way].kind) {
            any = &set[way];
            if (any->epoch == epoch)
                return any;
        }
    return any;
}

// A place for one more acquire: an empty one, or that of the oldest entry of the set, which the caller must
// send first (kind is not 0 then).
static inline struct wire_record *nursery_place(struct wire_nursery *nursery, const void *block) {
    uint32_t set = nursery_set((uintptr_t)block);
    struct wire_record *ways = nursery->entries[set];
    for (int way = 0; way < NURSERY_WAYS; way++)
        if (!ways[way].kind)
            return &ways[way];
    return &ways[nursery->next[set]++ % NURSERY_WAYS];
}

static inline void nursery_cancel(struct wire_nursery *nursery, struct wire_record *entry) {
    nursery->cancelled++;
    nursery->cancelled_bytes += entry->bytes;
    entry->kind = 0;
}
