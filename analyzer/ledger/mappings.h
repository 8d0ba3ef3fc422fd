// A process's book of mappings: who mapped what of its address space and did not unmap it. A mapping is what
// one call made; parts of it may be unmapped, so that what is left of it lies in pieces. It stays the same
// mapping, with the stack of its mmap, when mremap grows, shrinks or moves it.
#pragma once

#include "preload/wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct smaps;
struct mappings;

struct mapping {
    uint64_t base;   // where it began when it was mapped; moves with it
    uint64_t whole;  // bytes then
    uint64_t left;   // bytes that are still mapped, the sum over its pieces
    uint32_t pieces; // 0: nothing is left
    uint32_t held;   // pieces that may come back (unmappings.h)
    uint32_t stack;
    uint8_t call;   // CALL_
    uint16_t flags; // RECORD_MAP_, as it was mapped
};

// outstanding = mapped - unmapped.
struct mapping_counts {
    uint64_t mapped;   // mappings made
    uint64_t unmapped; // of them, those of which nothing is left
    uint64_t outstanding;
    uint64_t outstanding_bytes;
    uint64_t vanished_bytes; // given back by calls that no hook saw; mappings_reconcile sets it
};

// Never NULL: these functions abort when memory runs out.
struct mappings *mappings_new(void);
void mappings_free(struct mappings *mappings);

// One event of kind RECORD_MAPPED, RECORD_UNMAPPED or RECORD_TAKEN_BACK, in order.
void mappings_apply(struct mappings *mappings, const struct wire_record *record);

// Does any of [start, end) belong to a mapping?
bool mappings_touch(const struct mappings *mappings, uint64_t start, uint64_t end);

// Takes out what the kernel does not have any more.
void mappings_reconcile(struct mappings *mappings, const struct smaps *kernel);

void mappings_count(const struct mappings *mappings, struct mapping_counts *out);

// One piece of what is still mapped. `mapping` numbers the mapping, below mappings_limit.
struct mapping_piece {
    uint64_t start, end;
    uint32_t mapping;
};
typedef void mapping_visit(void *context, const struct mapping_piece *piece);

// All pieces in ascending order of address.
void mappings_each(const struct mappings *mappings, mapping_visit *visit, void *context);
const struct mapping *mappings_at(const struct mappings *mappings, uint32_t mapping);
uint32_t mappings_limit(const struct mappings *mappings);
