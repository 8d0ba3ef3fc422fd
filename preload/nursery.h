// A thread's nursery (wire/nursery.h says why cancelling is exact): finding, adding, removing. Called by
// record.c within an event; inline, because most events are nothing else.
#pragma once

#include "preload/phase.h"
#include "preload/wire/atomic.h"
#include "preload/wire/nursery.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint32_t nursery_set(uint64_t address) {
    return (uint32_t)((address >> 4) * 0x9e3779b97f4a7c15ull >> (64 - 9));
}
_Static_assert(NURSERY_SETS == 1 << 9, "nursery_set gives nine bits");

// Where an entry is.
struct nursery_place {
    uint64_t *owner;
    struct wire_record *entry; // NULL: nowhere
};

static inline bool nursery_is_empty(const struct nursery_place *place) {
    return *place->owner == 0;
}

// The entry of an address: that of its current owner if this thread holds one, told by the epoch; else any.
static inline struct nursery_place nursery_find(struct wire_nursery *nursery, const void *block,
                                                uint64_t epoch) {
    uint32_t set = nursery_set((uintptr_t)block);
    struct nursery_place any = {NULL, NULL};
    for (int way = 0; way < NURSERY_WAYS; way++) {
        if (nursery->owners[set][way] != (uintptr_t)block)
            continue;
        any = (struct nursery_place){&nursery->owners[set][way], &nursery->entries[set][way]};
        if (any.entry->epoch == epoch)
            break;
    }
    return any;
}

// A place for one more acquire: that of the same life of the same block, when an allocator's calloc calls
// malloc; else an empty one, or that of an old entry, which the caller must send first. *again tells the
// first case.
static inline struct nursery_place nursery_room(struct wire_nursery *nursery, const void *block,
                                                uint64_t epoch, bool *again) {
    uint32_t set = nursery_set((uintptr_t)block), room = NURSERY_WAYS;
    *again = false;
    for (uint32_t way = NURSERY_WAYS; way-- > 0;) {
        if (!nursery->owners[set][way])
            room = way;
        *again |= nursery->owners[set][way] == (uintptr_t)block && nursery->entries[set][way].epoch == epoch;
    }
    if (unlikely(*again))
        return nursery_find(nursery, block, epoch);
    if (room == NURSERY_WAYS)
        room = nursery->next[set]++ % NURSERY_WAYS;
    return (struct nursery_place){&nursery->owners[set][room], &nursery->entries[set][room]};
}

// In this order, so that whenever the thread is killed an entry with an owner is whole.
static inline void nursery_put(const struct nursery_place *place, const struct wire_record *acquire) {
    *place->owner = 0;
    atomic_signal_barrier();
    *place->entry = *acquire;
    atomic_signal_barrier();
    *place->owner = acquire->address;
}

static inline void nursery_remove(const struct nursery_place *place) {
    *place->owner = 0;
}

static inline void nursery_count(struct wire_nursery *nursery, const struct wire_record *entry) {
    nursery->cancelled++;
    nursery->cancelled_bytes += entry->bytes;
}
