// The table of frame rules: dense, insert-mostly, read without locks by every walk of every thread.
//
// How an address finds its entry is said in frame_rules.h.
//
// Ordering edges:
//   F1  insert store-release of an entry    -> F2  find load-acquire of it: the rule put aside that it may
//   name is complete. F3  grow store-release of the new table -> F4  find load-acquire of it: its entries are
//   complete.
// A table that was outgrown stays mapped, since a reader may still be in it; all of them together are smaller
// than the frame_table one.
//
// Must not: take locks, call libc. Called by unwind.c and unwind_learn.c.

#include "preload/frame_rules.h"

#include "preload/own.h"
#include "preload/raw.h"
#include "preload/wire/atomic.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum {
    FIRST_BUCKETS_LOG2 = 12, // 2^15 entries
    LAST_BUCKETS_LOG2 = 24,
    ASIDE_LIMIT = 4096,
};
_Static_assert(FRAME_ADDRESS_BITS - FIRST_BUCKETS_LOG2 + FRAME_KEY_SHIFT <= 64, "an entry is one word");

#define UNSPREAD 0x393dee219263ull
_Static_assert((FRAME_SPREAD * UNSPREAD & FRAME_ADDRESS_MASK) == 1, "the way back");

struct frame_table *frame_table;
static struct frame_rule *aside;
static uint32_t aside_count;

static void *map_memory(size_t bytes) {
    long at =
        raw_syscall6(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (raw_failed(at))
        return NULL;
    own_note(at, bytes);
    return (void *)at;
}

static struct frame_table *new_table(uint32_t bits) {
    struct frame_table *table =
        map_memory(sizeof *table + (sizeof(uint64_t) << (bits + FRAME_BUCKET_WORDS_LOG2)));
    if (!table)
        return NULL;
    table->bucket_bits = bits;
    table->index_shift = FRAME_ADDRESS_BITS - bits - FRAME_BUCKET_WORDS_LOG2;
    table->rest_mask = (1ull << (FRAME_ADDRESS_BITS - bits)) - 1;
    return table;
}

int frame_rules_start(void) {
    if (atomic_load_acquire(&frame_table))
        return 0;
    struct frame_rule *rules = map_memory(ASIDE_LIMIT * sizeof *rules);
    struct frame_table *table = new_table(FIRST_BUCKETS_LOG2);
    if (!rules || !table)
        return -ENOMEM;
    aside = rules;
    atomic_store_release(&frame_table, table); // F3
    return 0;
}

// Where an address belongs: its home bucket, the word of it to look at first, and what an entry must start
// with.
struct place {
    uint64_t bucket;
    uint64_t first;
    uint64_t key; // with the displaced bit, 0 here
};

static struct place place_of(const struct frame_table *table, uint64_t spread) {
    uint64_t index = spread >> table->index_shift;
    return (struct place){
        .bucket = index >> FRAME_BUCKET_WORDS_LOG2,
        .first = index % FRAME_BUCKET_WORDS,
        .key = (spread & table->rest_mask) << 1,
    };
}

static inline uintptr_t address_of(const struct frame_table *table, uint64_t bucket, uint64_t entry) {
    bucket ^= entry >> FRAME_DISPLACED_SHIFT & 1;
    uint64_t spread = bucket << (FRAME_ADDRESS_BITS - table->bucket_bits) | entry >> FRAME_KEY_SHIFT;
    return (uintptr_t)(spread * UNSPREAD & FRAME_ADDRESS_MASK);
}

// The entry of a key in a bucket, or 0. Empty words don't end the search: removals leave them anywhere.
static inline packed_rule find_in(const uint64_t *bucket, uint64_t first, uint64_t key) {
    for (uint64_t i = 0; i < FRAME_BUCKET_WORDS; i++) {
        uint64_t entry = atomic_load_acquire(&bucket[(first + i) & (FRAME_BUCKET_WORDS - 1)]); // F2
        if (entry >> FRAME_DISPLACED_SHIFT == key && entry)
            return (packed_rule)entry & FRAME_PACKED_MASK;
    }
    return 0;
}

packed_rule frame_rules_search(const struct frame_table *table, uint64_t spread) {
    struct place place = place_of(table, spread);
    packed_rule found = find_in(table->entries + place.bucket * FRAME_BUCKET_WORDS, place.first, place.key);
    if (found)
        return found;
    return find_in(table->entries + (place.bucket ^ 1) * FRAME_BUCKET_WORDS, place.first, place.key | 1);
}

const struct frame_rule *frame_rules_aside(packed_rule packed) {
    return &aside[PACKED_CFA_WORDS(packed)];
}

// Few different rules are put aside, whatever the size of the program: most are signal frames and realigned
// ones.
static packed_rule put_aside(const struct frame_rule *rule) {
    uint32_t index = 0;
    while (index < aside_count && memcmp(&aside[index], rule, sizeof *rule) != 0)
        index++;
    if (index == ASIDE_LIMIT)
        return 0;
    if (index == aside_count)
        aside[aside_count++] = *rule; // published with the entry, F1
    return PACKED_ASIDE | index << 7;
}

packed_rule frame_rules_pack(const struct frame_rule *rule) {
    switch (rule->kind) {
    case FRAME_END:
        return PACKED_END;
    case FRAME_NO_INFO:
        return PACKED_NO_INFO;
    case FRAME_COMPLEX:
        return PACKED_COMPLEX;
    case FRAME_STUCK:
        return PACKED_STUCK;
    case FRAME_STEP:
        break;
    default:
        return put_aside(rule);
    }

    enum { WORD = sizeof(uintptr_t), FP_SLOTS = 16, CFA_BITS = FRAME_PACKED_BITS - 7 };
    int slot = rule->fp_base == FRAME_SAME ? 0 : -rule->fp_offset / WORD - 1;
    bool is_short =
        rule->cfa_base <= FRAME_FP && rule->ra_base == FRAME_CFA && rule->ra_offset == -WORD &&
        rule->cfa_offset > 0 && rule->cfa_offset % WORD == 0 && rule->cfa_offset / WORD < 1 << CFA_BITS &&
        (rule->fp_base == FRAME_SAME ||
         (rule->fp_base == FRAME_CFA && rule->fp_offset % WORD == 0 && slot > 0 && slot < FP_SLOTS));
    if (!is_short)
        return put_aside(rule);
    return (rule->cfa_base == FRAME_SP ? PACKED_SP : PACKED_FP) | (packed_rule)slot << 3 |
           (packed_rule)(rule->cfa_offset / WORD) << 7;
}

// Puts an entry into its bucket or the neighbour. False if both are full.
static bool place_entry(struct frame_table *table, uintptr_t address, packed_rule packed) {
    struct place place = place_of(table, frame_spread(address));
    for (uint64_t displaced = 0; displaced < 2; displaced++) {
        uint64_t *bucket = table->entries + (place.bucket ^ displaced) * FRAME_BUCKET_WORDS;
        for (uint64_t i = 0; i < FRAME_BUCKET_WORDS; i++) {
            uint64_t *entry = &bucket[(place.first + i) & (FRAME_BUCKET_WORDS - 1)];
            if (atomic_load_relaxed(entry) != 0) // only writers empty words, and there is one at a time
                continue;
            atomic_store_release(entry, (place.key | displaced) << FRAME_DISPLACED_SHIFT | packed); // F1
            table->used++;
            return true;
        }
    }
    return false;
}

static bool copy_entries(const struct frame_table *from, struct frame_table *to) {
    for (uint64_t bucket = 0; bucket < 1ull << from->bucket_bits; bucket++)
        for (uint64_t i = 0; i < FRAME_BUCKET_WORDS; i++) {
            uint64_t entry =
                atomic_load_relaxed(&from->entries[bucket * FRAME_BUCKET_WORDS + i]); // own or ordered writes
            if (entry &&
                !place_entry(to, address_of(from, bucket, entry), (packed_rule)entry & FRAME_PACKED_MASK))
                return false;
        }
    return true;
}

// Moves to a table of twice the size, or larger if chance fills a pair of buckets there too.
static void grow(void) {
    struct frame_table *old = frame_table;
    for (uint32_t bits = old->bucket_bits + 1; bits <= LAST_BUCKETS_LOG2; bits++) {
        struct frame_table *larger = new_table(bits);
        if (!larger)
            return;
        if (copy_entries(old, larger)) {
            atomic_store_release(&frame_table, larger); // F3
            return;
        }
        own_forget((long)larger);
        raw_syscall2(SYS_munmap, (long)larger,
                     (long)(sizeof *larger + (sizeof(uint64_t) << (bits + FRAME_BUCKET_WORDS_LOG2))));
    }
}

void frame_rules_insert(uintptr_t address, packed_rule packed) {
    if (!frame_table || address > FRAME_ADDRESS_MASK)
        return;
    if (frame_table->used >= (size_t)FRAME_BUCKET_WORDS << frame_table->bucket_bits >> 1)
        grow();
    if (place_entry(frame_table, address, packed))
        return;
    grow();
    place_entry(frame_table, address, packed);
}

void frame_rules_remove(uintptr_t start, uintptr_t end) {
    struct frame_table *table = frame_table;
    if (!table)
        return;
    for (uint64_t bucket = 0; bucket < 1ull << table->bucket_bits; bucket++)
        for (uint64_t i = 0; i < FRAME_BUCKET_WORDS; i++) {
            uint64_t *entry = &table->entries[bucket * FRAME_BUCKET_WORDS + i];
            uint64_t value = atomic_load_relaxed(entry); // own or ordered writes
            if (!value)
                continue;
            uintptr_t address = address_of(table, bucket, value);
            if (address < start || address >= end)
                continue;
            atomic_store_release(entry, 0); // F1: a reader that misses it derives it again
            table->used--;
        }
}

size_t frame_rules_count(void) {
    return frame_table ? frame_table->used : 0;
}
