// One look at a process that has memory: all that the ledger is made of, as it was at one moment. Reads /proc
// only: nothing is called in the process and no lock of its allocator is waited for, so that it can't hang,
// whatever it was doing. It need not stand still, but figures fit each other best if it does.
#pragma once

#include "analyzer/memory/cgroup.h"
#include "analyzer/memory/pieces.h"

#include <stdbool.h>
#include <sys/types.h>

struct look {
    uint64_t taken_ns;  // CLOCK_MONOTONIC
    struct smaps smaps; // names in pieces lie here
    struct pieces pieces;
    bool pages_known; // which pages are resident could be read; else areas were divided by size
    uint64_t rss_bytes, pss_bytes, swap_bytes, hugetlb_bytes; // sums of the smaps
    int64_t peak_rss_bytes;                                   // VmHWM; -1: not known
    uint32_t arenas;                                          // of glibc's malloc besides the main one
    struct cgroup_place cgroup_place;
    struct cgroup_memory cgroup; // version 0: none
};

// Regions: what the caller knows, in any order; where two overlap, the lower one's part counts. 0, and then
// look_free; -ESRCH if the process has no memory any more; or what opening /proc says.
int look_take(struct look *out, pid_t pid, const struct memory_region *regions, size_t region_count);
void look_free(struct look *look);

// Has its control group counted processes that the kernel killed since the look was taken? Also when the
// process has gone.
bool look_counts_kills(const struct look *look);
