// A process's mappings as the kernel has them (/proc/PID/smaps), read once and shared by whoever needs them:
// reconciling the mapping ledger, the memory ledger, and what may hold pointers.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct arena;

// smaps_area.flags, of those in VmFlags that matter to us
enum {
    SMAPS_GROWS_DOWN = 1u << 0,   // gd: a main thread's stack
    SMAPS_WIPE_ON_FORK = 1u << 1, // wf
    SMAPS_DONT_DUMP = 1u << 2,    // dd
    SMAPS_DEVICE = 1u << 3,       // io or pf: reading it may have side effects, or fail
    SMAPS_HUGETLB = 1u << 4,      // ht: its pages are in hugetlb_bytes, not in rss_bytes
    SMAPS_LOCKED = 1u << 5,       // lo
};

// One mapping (a VMA). All sizes in bytes. rss = shared_clean + shared_dirty + private_clean + private_dirty.
struct smaps_area {
    uint64_t start, end; // [start, end), start < end
    int protection;      // PROT_READ, PROT_WRITE, PROT_EXEC or PROT_NONE
    bool shared;         // MAP_SHARED
    bool deleted;        // its file has no name any more; the suffix " (deleted)" is not in path
    uint32_t flags;      // SMAPS_
    uint64_t offset;     // of start in the file
    uint32_t device_major, device_minor;
    uint64_t inode;   // 0: no file
    const char *path; // "" for none; may be "[heap]", "[stack]", "[vdso]", "[anon:...]"; never NULL
    uint64_t rss_bytes, pss_bytes;
    uint64_t shared_clean_bytes, shared_dirty_bytes, private_clean_bytes, private_dirty_bytes;
    uint64_t anonymous_bytes; // of rss
    uint64_t swap_bytes, swap_pss_bytes;
    uint64_t hugetlb_bytes; // not in rss
    uint64_t locked_bytes;
};

struct smaps {
    struct smaps_area *areas; // ascending, none overlaps another
    size_t count, room;
    struct arena *names; // holds the paths
};

// Reads the mappings of a process into *out, which smaps_free frees, also when its main thread is gone while
// others run. 0; -ESRCH if the process is gone (or has no memory any more), -EACCES or what else opening
// says; -EBADMSG if the text makes no sense. On failure *out is empty.
int smaps_read(struct smaps *out, pid_t pid);

// The same from an open stream of that format; that of /proc/PID/maps will do as well, with sizes 0.
int smaps_parse(struct smaps *out, FILE *in);

void smaps_free(struct smaps *smaps);

// The index of the first area that ends above address; smaps->count if there is none. The area holds address
// if it starts at or below it.
size_t smaps_first_above(const struct smaps *smaps, uint64_t address);
// The area that holds address; NULL: none.
const struct smaps_area *smaps_find(const struct smaps *smaps, uint64_t address);

static inline uint64_t smaps_dirty_bytes(const struct smaps_area *area) {
    return area->shared_dirty_bytes + area->private_dirty_bytes;
}
