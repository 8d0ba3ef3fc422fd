// Frame rules: how the caller's frame is found from a frame, for one code address. And the process-wide table
// of them.
//
// A rule depends on the address that is looked up and on nothing else. The state of a frame is (pc, sp, fp);
// the caller's is
//   CFA = base + cfa_offset                  or   load(base + cfa_offset) + cfa_add, for the loaded bases
//   pc' = load(ra_base + ra_offset),  sp' = CFA,  fp' = fp or load(fp_base + fp_offset)
// where a base is sp, fp or (for ra and fp) the CFA.
//
// The table: lookups take no lock and never wait. Inserts and removals are serialised by the caller
// (unwind_gate.h). Addresses up to 2^48; nearly all rules pack into 27 bits, so that an entry with its key is
// one 64-bit word.
#pragma once

#include "preload/wire/atomic.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_rule_kind {
    FRAME_STEP = 1, // the caller is found as above
    FRAME_SIGNAL, // likewise, and the caller was interrupted: its pc is exact, its sp may be on another stack
    FRAME_END,    // the outermost frame: there is no caller
    FRAME_NO_INFO, // no unwind information covers the address
    FRAME_COMPLEX, // needs more registers than the state has: libunwind must step it for real
    FRAME_STUCK,   // code whose frames nobody here knows: not even guessed
    FRAME_TO_GO,   // Go called C here and changed stacks: the caller is on a goroutine's (unwind_go.h)
    FRAME_TO_C,    // C called Go here: the caller is on C's stack again (unwind_go.h)
    FRAME_FOREIGN, // C that Go linked in without its unwind information: Go's call of it is looked for
                   // (unwind_go.h)
};

enum frame_base {
    FRAME_SP = 0,
    FRAME_FP = 1,
    FRAME_SP_LOADED = 2, // of the CFA only
    FRAME_FP_LOADED = 3, // of the CFA only
    FRAME_CFA = 4,       // of the return address and fp only
    FRAME_SAME = 5,      // of fp only: unchanged
    FRAME_LOST = 6,      // of fp only: not known in the caller; 0 is taken
};

struct frame_rule {
    uint8_t kind; // enum frame_rule_kind; what follows is 0 unless it is FRAME_STEP or FRAME_SIGNAL, or as
                  // unwind_go.h says for FRAME_TO_GO and FRAME_TO_C
    uint8_t cfa_base; // enum frame_base, as the three below
    uint8_t ra_base;
    uint8_t fp_base;
    int16_t ra_offset; // bytes, as all offsets
    int16_t fp_offset;
    int32_t cfa_offset;
    int32_t cfa_add;
};
_Static_assert(sizeof(struct frame_rule) == 16, "a rule compares by its bytes");

// A packed rule, never 0. Either what follows, or the index of a struct frame_rule kept aside.
//   bits 0..2  PACKED_
//   bits 3..6  saved fp of the short forms: 0 unchanged, n: in the n-th word below the return address
//   bits 7..   CFA offset in words of the short forms; index of PACKED_ASIDE
typedef uint32_t packed_rule;

enum {
    PACKED_SP = 1,    // FRAME_STEP, CFA = sp + offset, return address right below the CFA
    PACKED_FP = 2,    // FRAME_STEP, CFA = fp + offset, return address right below the CFA
    PACKED_ASIDE = 3, // see frame_rules_aside
    PACKED_END = 4,
    PACKED_NO_INFO = 5,
    PACKED_COMPLEX = 6,
    PACKED_STUCK = 7,
};
#define PACKED_KIND(packed)      ((packed)&7u)
#define PACKED_FP_SLOT(packed)   ((packed) >> 3 & 15u)
#define PACKED_CFA_WORDS(packed) ((packed) >> 7)

// Makes the table. 0, or -ENOMEM.
int frame_rules_start(void);

// The packed rule of an address, or 0 if there is none yet. Async-signal-safe. 0 also before
// frame_rules_start.
static inline packed_rule frame_rules_find(uintptr_t address);

// The rule kept aside at PACKED_CFA_WORDS of a PACKED_ASIDE.
const struct frame_rule *frame_rules_aside(packed_rule packed);

// Packs a rule, putting it aside when it has no short form. 0 when there is no more room aside.
packed_rule frame_rules_pack(const struct frame_rule *rule);

// Adds the rule of an address that has none. May silently not keep it (an address of 2^48 or more, no memory
// to grow): then it is derived again next time. Serialised by the caller, as the next one.
void frame_rules_insert(uintptr_t address, packed_rule packed);

// Removes the rules of all addresses in [start, end).
void frame_rules_remove(uintptr_t start, uintptr_t end);

// Number of rules in the table.
size_t frame_rules_count(void);

// ---- the lookup, inline: it is most of a step ----
//
// An entry is one word: [key][1 displaced][27 packed rule]. The 48 bits of an address go through a bijection
// (a multiplication by an odd number modulo 2^48); its top bits pick a bucket of eight words, one cache line,
// and what is left of it (36 bits in the smallest table, fewer in larger ones) is the key that is kept. So
// the entry and its place give the address back, which growing and removing need. A full bucket spills into
// its neighbour (bucket ^ 1), marked as displaced.

enum {
    FRAME_ADDRESS_BITS = 48,
    FRAME_BUCKET_WORDS_LOG2 = 3,
    FRAME_BUCKET_WORDS = 1 << FRAME_BUCKET_WORDS_LOG2,
    FRAME_PACKED_BITS = 27,
    FRAME_DISPLACED_SHIFT = FRAME_PACKED_BITS,
    FRAME_KEY_SHIFT = FRAME_DISPLACED_SHIFT + 1,
};
#define FRAME_ADDRESS_MASK ((1ull << FRAME_ADDRESS_BITS) - 1)
#define FRAME_PACKED_MASK  ((1u << FRAME_PACKED_BITS) - 1)
#define FRAME_SPREAD       0x9e3779b97f4bull // odd, near 2^48 divided by the golden ratio

struct frame_table {
    uint64_t rest_mask;   // of the spread bits that don't pick the bucket
    uint32_t index_shift; // the spread bits above pick the first word to look at, and its bucket with it
    uint32_t bucket_bits; // log2 of the number of buckets
    size_t used;          // entries filled; writers only
    uint64_t entries[] __attribute__((aligned(64)));
};
extern struct frame_table *frame_table __attribute__((visibility("hidden"))); // F3, F4 of frame_rules.c

static inline uint64_t frame_spread(uintptr_t address) {
    return address * FRAME_SPREAD & FRAME_ADDRESS_MASK;
}

// Looks beyond the first word. Part of frame_rules_find.
packed_rule frame_rules_search(const struct frame_table *table, uint64_t spread);

static inline packed_rule frame_rules_find(uintptr_t address) {
    const struct frame_table *table = atomic_load_acquire(&frame_table); // F4
    if (__builtin_expect(!table || address > FRAME_ADDRESS_MASK, 0))
        return 0;
    uint64_t spread = frame_spread(address);
    uint64_t entry = atomic_load_acquire(&table->entries[spread >> table->index_shift]); // F2
    if (__builtin_expect(entry >> FRAME_DISPLACED_SHIFT == (spread & table->rest_mask) << 1 && entry, 1))
        return (packed_rule)entry & FRAME_PACKED_MASK;
    return frame_rules_search(table, spread);
}
