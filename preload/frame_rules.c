// The table of frame rules: dense, insert-mostly, read without locks by every walk of every thread.
//
// An entry is one word: [key remainder][1 displaced][27 packed rule]. The 48 bits of an address go through a
// bijection (a multiplication by an odd number modulo 2^48); its top bits pick a bucket of eight words, one
// cache line, and what is left of it (36 bits in the smallest table, fewer in larger ones) is the key that is
// kept. So the entry and its place give the address back, which growing and removing need. A full bucket
// spills into its neighbour (bucket ^ 1), marked as displaced.
//
// Ordering edges:
//   F1  insert store-release of an entry    -> F2  find load-acquire of it: the rule put aside that it may
//   name is complete. F3  grow store-release of the new table -> F4  find load-acquire of it: its entries are
//   complete.
// A table that was outgrown stays mapped, since a reader may still be in it; all of them together are smaller
// than the current one.
//
// Must not: take locks, call libc. Called by unwind.c and unwind_learn.c.

#include "preload/frame_rules.h"

#include "preload/raw.h"
#include "preload/wire/atomic.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum {
    ADDRESS_BITS = 48,
    BUCKET_WORDS_LOG2 = 3,
    BUCKET_WORDS = 1 << BUCKET_WORDS_LOG2,
    FIRST_BUCKETS_LOG2 = 12, // 2^15 entries
    LAST_BUCKETS_LOG2 = 24,
    PACKED_BITS = 27,
    DISPLACED_SHIFT = PACKED_BITS,
    KEY_SHIFT = DISPLACED_SHIFT + 1,
    ASIDE_LIMIT = 4096,
};
_Static_assert(ADDRESS_BITS - FIRST_BUCKETS_LOG2 + KEY_SHIFT <= 64, "an entry is one word");

#define ADDRESS_MASK ((1ull << ADDRESS_BITS) - 1)
#define PACKED_MASK  ((1u << PACKED_BITS) - 1)

// The multiplier is odd, near 2^48 divided by the golden ratio; the second one is its inverse modulo 2^48.
#define SPREAD   0x9e3779b97f4bull
#define UNSPREAD 0x393dee219263ull
_Static_assert((SPREAD * UNSPREAD & ADDRESS_MASK) == 1, "the way back");

struct table {
    uint32_t bucket_bits; // log2 of the number of buckets
    size_t used;          // entries filled; written under the caller's serialisation only
    uint64_t entries[] __attribute__((aligned(64)));
};

static struct table *current;
static struct frame_rule *aside;
static uint32_t aside_count;

static void *map_memory(size_t bytes) {
    long at =
        raw_syscall6(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at < 0 && at > -4096 ? NULL : (void *)at;
}

static struct table *new_table(uint32_t bucket_bits) {
    struct table *table = map_memory(sizeof *table + (sizeof(uint64_t) << (bucket_bits + BUCKET_WORDS_LOG2)));
    if (table)
        table->bucket_bits = bucket_bits;
    return table;
}

int frame_rules_start(void) {
    if (atomic_load_acquire(&current))
        return 0;
    struct frame_rule *rules = map_memory(ASIDE_LIMIT * sizeof *rules);
    struct table *table = new_table(FIRST_BUCKETS_LOG2);
    if (!rules || !table)
        return -ENOMEM;
    aside = rules;
    atomic_store_release(&current, table); // F3
    return 0;
}

// Where an address belongs: its home bucket, the word to look at first, and what an entry must start with.
struct place {
    uint64_t bucket;
    uint64_t first;
    uint64_t key;
};

static inline struct place place_of(const struct table *table, uintptr_t address) {
    uint64_t spread = address * SPREAD & ADDRESS_MASK;
    uint32_t rest_bits = ADDRESS_BITS - table->bucket_bits;
    return (struct place){
        .bucket = spread >> rest_bits,
        .first = spread >> (rest_bits - BUCKET_WORDS_LOG2) & (BUCKET_WORDS - 1),
        .key = (spread & ((1ull << rest_bits) - 1)) << 1, // with the displaced bit, 0 here
    };
}

static inline uintptr_t address_of(const struct table *table, uint64_t bucket, uint64_t entry) {
    bucket ^= entry >> DISPLACED_SHIFT & 1;
    uint64_t spread = bucket << (ADDRESS_BITS - table->bucket_bits) | entry >> KEY_SHIFT;
    return (uintptr_t)(spread * UNSPREAD & ADDRESS_MASK);
}

// The entry of a key in a bucket, or 0. Empty words don't end the search: removals leave them anywhere.
static inline packed_rule find_in(const uint64_t *bucket, uint64_t first, uint64_t key) {
    for (uint64_t i = 0; i < BUCKET_WORDS; i++) {
        uint64_t entry = atomic_load_acquire(&bucket[(first + i) & (BUCKET_WORDS - 1)]); // F2
        if (entry >> DISPLACED_SHIFT == key && entry)
            return (packed_rule)entry & PACKED_MASK;
    }
    return 0;
}

packed_rule frame_rules_find(uintptr_t address) {
    const struct table *table = atomic_load_acquire(&current); // F4
    if (!table || address > ADDRESS_MASK)
        return 0;
    struct place place = place_of(table, address);
    packed_rule found = find_in(table->entries + place.bucket * BUCKET_WORDS, place.first, place.key);
    if (found)
        return found;
    return find_in(table->entries + (place.bucket ^ 1) * BUCKET_WORDS, place.first, place.key | 1);
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
    case FRAME_STEP:
        break;
    default:
        return put_aside(rule);
    }

    enum { WORD = sizeof(uintptr_t), FP_SLOTS = 16, CFA_BITS = PACKED_BITS - 7 };
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
static bool place_entry(struct table *table, uintptr_t address, packed_rule packed) {
    struct place place = place_of(table, address);
    for (uint64_t displaced = 0; displaced < 2; displaced++) {
        uint64_t *bucket = table->entries + (place.bucket ^ displaced) * BUCKET_WORDS;
        for (uint64_t i = 0; i < BUCKET_WORDS; i++) {
            uint64_t *entry = &bucket[(place.first + i) & (BUCKET_WORDS - 1)];
            if (atomic_load_relaxed(entry) != 0) // only writers empty words, and there is one at a time
                continue;
            atomic_store_release(entry, (place.key | displaced) << DISPLACED_SHIFT | packed); // F1
            table->used++;
            return true;
        }
    }
    return false;
}

static bool copy_entries(const struct table *from, struct table *to) {
    for (uint64_t bucket = 0; bucket < 1ull << from->bucket_bits; bucket++)
        for (uint64_t i = 0; i < BUCKET_WORDS; i++) {
            uint64_t entry =
                atomic_load_relaxed(&from->entries[bucket * BUCKET_WORDS + i]); // own or ordered writes
            if (entry && !place_entry(to, address_of(from, bucket, entry), (packed_rule)entry & PACKED_MASK))
                return false;
        }
    return true;
}

// Moves to a table of twice the size, or larger if chance fills a pair of buckets there too.
static void grow(void) {
    struct table *old = current;
    for (uint32_t bits = old->bucket_bits + 1; bits <= LAST_BUCKETS_LOG2; bits++) {
        struct table *larger = new_table(bits);
        if (!larger)
            return;
        if (copy_entries(old, larger)) {
            atomic_store_release(&current, larger); // F3
            return;
        }
        raw_syscall2(SYS_munmap, (long)larger,
                     (long)(sizeof *larger + (sizeof(uint64_t) << (bits + BUCKET_WORDS_LOG2))));
    }
}

void frame_rules_insert(uintptr_t address, packed_rule packed) {
    if (!current || address > ADDRESS_MASK)
        return;
    if (current->used >= (size_t)BUCKET_WORDS << current->bucket_bits >> 1)
        grow();
    if (place_entry(current, address, packed))
        return;
    grow();
    place_entry(current, address, packed);
}

void frame_rules_remove(uintptr_t start, uintptr_t end) {
    struct table *table = current;
    if (!table)
        return;
    for (uint64_t bucket = 0; bucket < 1ull << table->bucket_bits; bucket++)
        for (uint64_t i = 0; i < BUCKET_WORDS; i++) {
            uint64_t *entry = &table->entries[bucket * BUCKET_WORDS + i];
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
    return current ? current->used : 0;
}
