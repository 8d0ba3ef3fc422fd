// What holds pointers from outside of the blocks, in a process that stands still: docs/verdicts.md.
//
//   registers of every thread; each stack from its stack pointer on; all other memory that was written, but
//   for blocks, for what an allocator keeps (its regions hold pointers only in blocks), and for seep's own;
//   and what the kernel keeps for the process
#pragma once

#include "analyzer/proc/smaps.h"
#include "analyzer/verdict/classify.h"
#include "analyzer/verdict/ranges.h"
#include "analyzer/verdict/stop.h"
#include "preload/wire/layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct roots_file { // a file by what smaps tells of it
    uint64_t inode;
    uint32_t device_major, device_minor;
};

// A stretch that one recorded call mapped, the break's included.
struct roots_mapping {
    uint64_t begin, end;
    bool is_allocators; // an allocator made it; false: the program, or nobody knows who
};

struct roots_question {
    const struct stopped *stopped;
    const struct smaps *smaps;
    const struct classify_block *blocks; // ascending
    size_t block_count;
    const struct roots_mapping *mappings; // ascending, none overlaps another. What was mapped unseen, or if
                                          // mappings are not recorded, is not there
    size_t mapping_count;
    bool is_forked; // what its parent allocated is in its allocator's regions, too, and is not among the
                    // blocks
    // seep's own memory in there: shared with us; and the arena of its early days, which the loader uses,
    // too.
    struct roots_file own_files[2];
    struct classify_range own_region;
    const struct wire_own *own_areas; // what it mapped for itself
    size_t own_area_count;
    // The thread that stands in its last moment (0: none): what its stack holds of the program begins here,
    // its registers included (0: at its stack pointer, its registers are as they are).
    uint64_t standing_thread; // thread pointer
    uint64_t standing_stack;
};

struct roots {
    struct ranges ranges;
    uint64_t *words;
    size_t word_count, word_room;
    uint64_t hidden_requests; // of io_urings, under way, at least: what they hold nobody can see
};

// Fills *out, which roots_free frees. What can't be read is left out. Aborts when memory runs out.
void roots_find(const struct roots_question *question, struct roots *out);
void roots_free(struct roots *roots);
