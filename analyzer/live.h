// The live set of one process: which blocks are held now, matched exactly although records arrive out of
// order across threads.
//
// The true order of the records of one address is by (epoch, acquire before release); see docs/ordering.md.
// Records arrive ring by ring, in rounds: one round takes the list of the process's rings anew and reads each
// at least once, to the head as loaded at that moment. Within a ring the order is the program's. Rules: a
// release takes the newest acquire whose epoch is not above its own; one that finds none waits. An acquire
// that comes late takes the oldest waiting release not below it. A closed pair stays revisable until the end
// of the round after the one that read its release: then no record that could belong between its two sides
// can still arrive. Because acquires are held back in nurseries, a round also waits for the reallocs
// that were under way in it; docs/ordering.md says why and how.
#pragma once

#include "preload/wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live_set;

struct live_block {
    uint64_t address;
    uint64_t bytes;
    uint32_t stack;
    uint8_t call;
    uint16_t flags;
};

struct live_counts {
    uint64_t acquired; // records seen
    uint64_t released;
    uint64_t acquired_bytes;
    uint64_t live_blocks; // acquired and not matched by a release, as of now
    uint64_t live_bytes;
    uint64_t peak_bytes;       // highest live_bytes at any record
    uint64_t waiting_releases; // releases without an acquire so far: at the end, the unmatched frees
    uint64_t superseded; // acquires whose address was acquired again with no release in between, as of now: a
                         // late release may take one back. At the end: their release was not seen (a call
                         // that bypassed the hooks). They do not count as live
};

// expected_blocks is a hint, 0 for none. Aborts when memory runs out.
struct live_set *live_new(size_t expected_blocks);
void live_free(struct live_set *set);

// One record (RECORD_ACQUIRE or RECORD_RELEASE; others are ignored and give -EINVAL). Amortised constant
// time, also for a million blocks of one stack or anything freed in any order.
int live_apply(struct live_set *set, const struct wire_record *record);
// Many at once, in ring order: as live_apply on each, but may look ahead (prefetch). Returns how many were
// invalid.
size_t live_apply_many(struct live_set *set, const struct wire_record *records, size_t count);

// Every ring of the process has been read since the last call: the list of rings was taken after it, too.
void live_end_round(struct live_set *set);

// No more records will come: settles what is open. Of several live acquires of one address only the newest is
// kept.
void live_settle(struct live_set *set);

void live_count(const struct live_set *set, struct live_counts *out);

// Calls visit for every live block, in no particular order. Only after live_settle.
void live_each(const struct live_set *set, void (*visit)(void *context, const struct live_block *block),
               void *context);

// The same for at most `most` of them, spread over the whole set.
void live_some(const struct live_set *set, size_t most,
               void (*visit)(void *context, const struct live_block *block), void *context);

// Where the blocks lie, in the order of live_each, for those who go through millions of them: as many as
// there is room for. *from is 0 at first, and where to go on. Returns how many; 0: there are no more.
struct live_place {
    uint64_t address, bytes;
};
size_t live_places(const struct live_set *set, uint32_t *from, struct live_place *places, size_t room);

// Bytes of memory the set itself uses.
size_t live_memory(const struct live_set *set);
