// The addresses of the live set: from an address to its entry, and what most addresses need: one block, or
// one release that waits. Called by live.c; knows nothing of the rules.
//
// Entries (32 bytes) lie in a pool; an index of 64-byte buckets says where. A cell of a bucket holds an
// entry's number in its low bits and, in the rest, bits of the address's hash, so that a look-up rarely opens
// a wrong entry. A bucket that is full passes its entry on to the next one and counts it, and counts down
// when that entry is removed: removal leaves no tombstone, and the index needs no cleaning however many
// blocks come and go.
//   0 <= count <= LIVE_BUCKET_LOAD << bucket_bits;  an address has at most one entry.
// Memory: 32 bytes and their pool's slack of at most an eighth, and 5.3 to 10.7 bytes of index.
#pragma once

#include "analyzer/live_pool.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { LIVE_BUCKET_CELLS = 15, LIVE_BUCKET_LOAD = 12 };

// entry.kind, apart from the two of record.h: a block that is held (RECORD_ACQUIRE), a release that waits
// (RECORD_RELEASE).
enum {
    ENTRY_NONE = 0,     // not in use
    ENTRY_HISTORY = 16, // more than one record: stack is the root of a history (live_history.h), epoch and
                        // bytes are not used
};

struct live_entry {
    uint64_t address;
    uint64_t epoch;
    uint64_t bytes;
    uint32_t stack;
    uint8_t kind;
    uint8_t call;
    uint16_t flags;
};
_Static_assert(sizeof(struct live_entry) == 32, "two entries share a cache line");

struct live_bucket {
    uint32_t cell[LIVE_BUCKET_CELLS]; // 0: empty
    uint32_t passed;                  // entries that found this bucket full and lie in a later one
};
_Static_assert(sizeof(struct live_bucket) == 64, "one cache line");

struct live_table {
    struct live_bucket *buckets;
    unsigned bucket_bits; // 2^bucket_bits buckets
    uint32_t number_mask; // the part of a cell that is the entry's number
    size_t count;
    struct live_pool entries;
};

void live_table_open(struct live_table *table, size_t expected);
void live_table_close(struct live_table *table);
void live_table_grow(struct live_table *table);

// The high bits name the bucket, the low 32 mark the cell. Multiplying to 128 bits and folding mixes all bits
// of the address into all of the hash: page-aligned addresses and regular strides spread like any others.
static inline uint64_t live_hash(uint64_t address) {
    __extension__ unsigned __int128 product =
        (unsigned __int128)(address ^ 0x9e3779b97f4a7c15ull) * 0xd6e8feb86659fd93ull;
    uint64_t folded = (uint64_t)(product >> 64) ^ (uint64_t)product;
    return folded * 0x9fb21c651e98df25ull;
}

static inline struct live_entry *live_entry_at(const struct live_table *table, uint32_t number) {
    return live_pool_at(&table->entries, number);
}

static inline size_t live_table_home(const struct live_table *table, uint64_t hash) {
    return (size_t)(hash >> (64 - table->bucket_bits));
}

static inline size_t live_table_following(const struct live_table *table, size_t bucket) {
    return (bucket + 1) & (((size_t)1 << table->bucket_bits) - 1);
}

static inline uint32_t live_table_mark(const struct live_table *table, uint64_t hash) {
    return (uint32_t)(hash >> 3) & ~table->number_mask;
}

// Bit i says whether cell i, masked, has this value.
static inline unsigned live_bucket_match(const struct live_bucket *bucket, uint32_t mask, uint32_t value) {
#ifdef __SSE2__
    const __m128i *lines = (const __m128i *)bucket;
    __m128i masks = _mm_set1_epi32((int)mask), values = _mm_set1_epi32((int)value);
    __m128i a = _mm_cmpeq_epi32(_mm_and_si128(_mm_load_si128(lines), masks), values);
    __m128i b = _mm_cmpeq_epi32(_mm_and_si128(_mm_load_si128(lines + 1), masks), values);
    __m128i c = _mm_cmpeq_epi32(_mm_and_si128(_mm_load_si128(lines + 2), masks), values);
    __m128i d = _mm_cmpeq_epi32(_mm_and_si128(_mm_load_si128(lines + 3), masks), values);
    __m128i all = _mm_packs_epi16(_mm_packs_epi32(a, b), _mm_packs_epi32(c, d));
    return (unsigned)_mm_movemask_epi8(all) & ((1u << LIVE_BUCKET_CELLS) - 1);
#else
    unsigned found = 0;
    for (unsigned i = 0; i < LIVE_BUCKET_CELLS; i++)
        found |= (unsigned)((bucket->cell[i] & mask) == value) << i;
    return found;
#endif
}

// The entry's number, 0 if the address has none.
static inline uint32_t live_table_find(const struct live_table *table, uint64_t address, uint64_t hash) {
    uint32_t mark = live_table_mark(table, hash);
    for (size_t at = live_table_home(table, hash);; at = live_table_following(table, at)) {
        const struct live_bucket *bucket = &table->buckets[at];
        for (unsigned found = live_bucket_match(bucket, ~table->number_mask, mark); found;
             found &= found - 1) {
            uint32_t number = bucket->cell[__builtin_ctz(found)] & table->number_mask;
            if (number && live_entry_at(table, number)->address == address)
                return number;
        }
        if (!bucket->passed)
            return 0;
    }
}

// Makes an entry for an address that has none; all fields but address are the caller's to fill.
static inline uint32_t live_table_add(struct live_table *table, uint64_t address, uint64_t hash) {
    if (table->count >= (size_t)LIVE_BUCKET_LOAD << table->bucket_bits)
        live_table_grow(table);
    uint32_t number = live_pool_take(&table->entries);
    live_entry_at(table, number)->address = address;
    size_t at = live_table_home(table, hash);
    unsigned empty;
    while (!(empty = live_bucket_match(&table->buckets[at], UINT32_MAX, 0))) {
        table->buckets[at].passed++;
        at = live_table_following(table, at);
    }
    table->buckets[at].cell[__builtin_ctz(empty)] = live_table_mark(table, hash) | number;
    table->count++;
    return number;
}

static inline void live_table_remove(struct live_table *table, uint32_t number, uint64_t hash) {
    uint32_t cell = live_table_mark(table, hash) | number;
    size_t at = live_table_home(table, hash);
    unsigned found;
    while (!(found = live_bucket_match(&table->buckets[at], UINT32_MAX, cell))) {
        table->buckets[at].passed--;
        at = live_table_following(table, at);
    }
    table->buckets[at].cell[__builtin_ctz(found)] = 0;
    live_entry_at(table, number)->kind = ENTRY_NONE;
    live_pool_give_back(&table->entries, number);
    table->count--;
}

// Two steps of looking ahead: what to prefetch, first the bucket, later the entry that it seems to name. The
// prefetch itself is for the caller: gcc takes a function that only prefetches for one without effect, and
// drops the call.
static inline const void *live_table_bucket(const struct live_table *table, uint64_t hash) {
    return &table->buckets[live_table_home(table, hash)];
}

static inline const void *live_table_likely_entry(const struct live_table *table, uint64_t hash) {
    const struct live_bucket *bucket = &table->buckets[live_table_home(table, hash)];
    unsigned found = live_bucket_match(bucket, ~table->number_mask, live_table_mark(table, hash));
    unsigned cell = found ? (unsigned)__builtin_ctz(found) : 0;
    return live_entry_at(table, bucket->cell[cell] & table->number_mask);
}

static inline size_t live_table_memory(const struct live_table *table) {
    return live_pool_memory(&table->entries) + (sizeof(struct live_bucket) << table->bucket_bits);
}
