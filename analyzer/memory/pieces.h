// The resident memory of one process, cut into pieces that are each of one kind: the kernel's areas
// (/proc/PID/smaps), cut further where seep knows better (regions). Every resident byte is in exactly one
// piece, so that whatever is made of them adds up to what the kernel counts. Anonymous memory that may be
// touched is there even if it was not.
#pragma once

#include "analyzer/memory/pages.h"
#include "analyzer/proc/smaps.h"

enum memory_kind {
    MEMORY_OTHER,   // anonymous, and nothing more is known of it
    MEMORY_HEAP,    // an allocator's
    MEMORY_MAPPING, // the program's own, mapped by a call that was recorded
    MEMORY_STACK,   // threads' stacks
    MEMORY_FILE,    // programs, libraries and other files
    MEMORY_SHARED,  // shared memory and files of tmpfs
    MEMORY_GO,      // the Go runtime's heap
    MEMORY_SEEP,    // what seep itself takes inside the program
};

// A stretch of which more is known than the kernel tells: part of an area, or several.
struct memory_region {
    uint64_t start, end;
    enum memory_kind kind;
    int32_t site; // of MEMORY_MAPPING: what the caller calls the place that mapped it; else -1
};

struct memory_piece {
    uint64_t start, end;
    enum memory_kind kind;
    int32_t site;                 // as in the region
    const char *file;             // of MEMORY_FILE and MEMORY_SHARED, may be ""; lies in the smaps
    uint64_t resident_bytes;      // of the piece
    struct pages pages;           // resident == NULL: not known which bytes those are
    uint64_t blocks;              // live heap blocks that begin here
    uint64_t live_bytes;          // of live blocks, as they were asked for
    uint64_t live_resident_bytes; // of these, in pages that are resident
    uint64_t rounding_bytes;      // what glibc's malloc needs beside the blocks, resident or not
};

struct pieces {
    struct memory_piece *list; // ascending
    size_t count, room;
};

// What is known besides. Lists may be empty.
struct pieces_hints {
    const struct memory_region *regions; // ascending, none overlaps another
    size_t region_count;
    const uint64_t *stack_pointers; // of the threads; ascending
    size_t stack_count;
    const uint64_t *memory_devices; // file systems that lie in memory: pieces_device of each
    size_t device_count;
    int pagemap_fd; // of the process; -1: not to be had, and areas that are cut are divided by size
};

static inline uint64_t pieces_device(uint32_t major, uint32_t minor) {
    return (uint64_t)major << 32 | minor;
}

// Cuts. A process that runs on may change meanwhile: the smaps are believed.
void pieces_cut(struct pieces *out, const struct smaps *smaps, const struct pieces_hints *hints);
void pieces_free(struct pieces *pieces);

// A live block of the heap: notes where it lies. Returns how much of it is resident: where that is not known,
// as much as there can be. Each block once, none overlaps another.
uint64_t pieces_mark(struct pieces *pieces, uint64_t address, uint64_t bytes);
