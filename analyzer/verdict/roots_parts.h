// What roots.c is made of. For nobody else.
#pragma once

#include "analyzer/verdict/roots.h"

// The kernel makes one area of neighbours that are alike, whoever mapped them: this is a part of one that
// recorded calls tell from its neighbours.
struct roots_area {
    const struct smaps_area *kernel;
    uint64_t start, end;
    bool is_booked;     // a recorded call mapped all of it
    bool is_allocators; // an allocator's call
};

// Where the roots are looked for, and what is taken out again.
struct roots_search {
    const struct roots_question *question;
    pid_t pid;
    struct roots_area *areas; // ascending; all that the process has
    size_t area_count, area_room;
    struct ranges written; // memory that was written, and is not a device's
    struct ranges regions; // of allocators: roots only as far as a parent's blocks may lie there
    struct ranges cut;     // of what was written, what is no root
    struct roots *out;
};

void roots_add_word(struct roots *roots, uint64_t word);

// Fills search->areas. roots_areas.c
void roots_find_areas(struct roots_search *search);
// Anonymous private memory that can be written?
bool roots_is_plain(const struct roots_area *area);

// The index of the first live block at or above address; how many there are, if there is none.
size_t roots_first_block(const struct roots_question *question, uint64_t address);
// The live block that holds address; NULL: none.
const struct classify_block *roots_block_at(const struct roots_question *question, uint64_t address);

// Registers; stacks from their stack pointers on; what is below them, and the stacks of threads that are
// gone, is cut. roots_threads.c
void roots_add_threads(struct roots_search *search);

// Cuts what is dead of the stacks of threads that run goroutines. roots_go.c
void roots_cut_go_stacks(struct roots_search *search);

// Cuts the regions of allocators. roots_allocators.c
void roots_cut_allocators(struct roots_search *search);

// Finds the heaps of glibc's threads, which are regions; cuts the state of its first arena. roots_glibc.c
void roots_find_glibc(struct roots_search *search);
// Is this a block that glibc gave a mapping of its own? The whole of it is then in *out.
bool roots_glibc_mapped(pid_t pid, const struct classify_block *block, struct classify_range *out);

// Adds what code that was made at run time holds in its instructions. roots_code.c
void roots_add_code(struct roots_search *search);

// Adds what only the kernel holds: epoll data, timers' values. roots_kernel.c
void roots_add_kernel(struct roots_search *search);
