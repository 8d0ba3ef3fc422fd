// Where the memory of a process went, as data: what it is resident for, row by row. The rows add up to
// rss_bytes exactly. docs/memory.md says what each figure means and how it is had.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum memory_row_kind {
    MEMORY_ROW_HEAP_LIVE,        // blocks that are allocated: bytes that were asked for and are resident
    MEMORY_ROW_HEAP_OVERHEAD,    // what the allocator needs beside them: headers and rounding
    MEMORY_ROW_HEAP_FREE_PAGES,  // held by the allocator in pages without any live block
    MEMORY_ROW_HEAP_FREE_PIECES, // held by it in pages that live blocks share
    MEMORY_ROW_HEAP_UNDIVIDED,   // the allocator's, where not all blocks are known: a forked child's
                                 // inheritance
    MEMORY_ROW_MAPPING,          // the program's own, mapped at a site
    MEMORY_ROW_STACKS,           // of threads
    MEMORY_ROW_FILE,             // a program, library or other file: code, constants and data
    MEMORY_ROW_SHARED,           // shared memory, or a file that lies in memory
    MEMORY_ROW_GO_HEAP,          // of the Go runtime
    MEMORY_ROW_SEEP,             // what seep takes inside the program; gone without it
    MEMORY_ROW_UNATTRIBUTED,
    MEMORY_ROWS
};

struct report_memory_row {
    enum memory_row_kind what;
    int verdict;      // enum verdict of MEMORY_ROW_HEAP_LIVE; else -1
    const char *site; // id of the site, of MEMORY_ROW_MAPPING; else NULL
    const char *file; // path of MEMORY_ROW_FILE, _SHARED and _MAPPING, may be NULL there; else NULL
    uint64_t bytes;   // resident
    uint64_t pieces;  // of the address space that it is in
};

// Figures that are not known are -1.
struct report_cgroup {
    int64_t version;       // 1 or 2
    const char *path;      // of the group whose limit is nearest: the process's own or one above it
    int64_t current_bytes; // charged
    int64_t limit_bytes;   // -1: it has none
    int64_t peak_bytes;    // most that was ever charged
    int64_t anonymous_bytes;
    int64_t page_cache_bytes;
    int64_t shared_bytes;
    int64_t kernel_bytes;
    int64_t swap_bytes;
    int64_t oom_kills; // processes of it that the kernel killed
};

struct report_memory {
    double age_seconds; // how long before the end it was read; 0: at the end itself
    bool killed;        // by the kernel, because the control group was full
    uint64_t rss_bytes; // resident, as the kernel counts it
    uint64_t pss_bytes; // the same with shared pages divided among those who share them
    uint64_t swap_bytes;
    uint64_t hugetlb_bytes; // of huge page pools; not in rss_bytes
    int64_t peak_rss_bytes; // the highest ever; -1: not known
    bool estimated;         // which pages are resident was not known: some rows are estimates
    const char *allocator;  // "glibc", "jemalloc", "tcmalloc", "mimalloc"; NULL: not known
    int64_t arenas;         // of glibc's malloc, the main one included; -1: not known
    int64_t
        live_untouched_bytes; // of live blocks, not resident: never touched, or swapped out; -1: not known
    const char *remedy;       // what to do about memory that the allocator holds; NULL: little is held
    struct report_memory_row *rows; // most bytes first; none of 0 bytes
    size_t row_count;
    struct report_cgroup *cgroup; // NULL: none is known
};

// The words of the schema ("heap_live", ...), and back: -EINVAL for any other word.
const char *memory_row_name(enum memory_row_kind kind);
int memory_row_from_name(const char *name);

// Is the row one of the heap's?
static inline bool memory_row_is_heap(enum memory_row_kind kind) {
    return kind <= MEMORY_ROW_HEAP_UNDIVIDED;
}
