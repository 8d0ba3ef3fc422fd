// The ledger of one process: from a look at it, with its live blocks marked, to the rows of the report.
#pragma once

#include "analyzer/arena.h"
#include "analyzer/memory/look.h"
#include "analyzer/report/memory.h"
#include "analyzer/report/report.h"

struct account_facts {
    bool heap_known;     // all blocks that live were marked; else the allocator's areas stay whole
    uint64_t live_bytes; // of all live blocks, as they were asked for
    uint64_t live_resident_bytes[VERDICT_OPEN];          // what pieces_mark returned, by verdict
    const char *(*site_id)(void *context, int32_t site); // of a region's site; NULL: it has none
    // Whose a region's site is: MEMORY_MAPPING, or what it was found to be since. NULL: MEMORY_MAPPING.
    enum memory_kind (*site_kind)(void *context, int32_t site);
    void *context;
    uint64_t ended_ns; // CLOCK_MONOTONIC; 0: the look was taken at the end
};

// What is mapped and nothing is known of: anonymous, recorded by no call, neither a stack's nor an
// allocator's, and no block lies in it. The row "unattributed" is what of it is resident.
struct account_unattributed {
    uint64_t regions, bytes; // as the kernel cuts it; address space
};
struct account_unattributed account_unattributed(const struct look *look);

// In the arena, with copies of all names. Reads the look and changes nothing.
struct report_memory *account_make(const struct look *look, const struct account_facts *facts,
                                   struct arena *arena);
