// Runs a program under seep and under valgrind's memcheck, in the same environment, for their figures of its
// heap.
#pragma once

#include "tests/lib/lost_stacks.h"
#include "tests/lib/run.h"

struct heap_figures {
    long long allocations, frees, allocated_bytes;
    long long outstanding_blocks, outstanding_bytes;
};

// As memcheck counts them; indices of kinds.
enum { KIND_DEFINITE, KIND_INDIRECT, KIND_POSSIBLE, KIND_REACHABLE, KINDS };
struct kind_figures {
    long long blocks, bytes;
};

struct both_figures {
    struct heap_figures seep, memcheck;
    struct kind_figures seep_kinds[KINDS], memcheck_kinds[KINDS];
    struct lost_stacks seep_lost, memcheck_lost;
};

// Finds out what each tool sets in the program's environment: once, before all tests that compare.
void memcheck_prepare(void);

// The program's own process in both; children are not looked at. Fails the test unless the program prints and
// returns the same in both.
//
// What programs copy of their environment counts as well: so both runs see the same variables in the same
// order, with values of the same length. valgrind sets LD_PRELOAD and two more for the program, seep
// LD_PRELOAD and SEEP_SESSION: each run is given what the other's tool sets, which memcheck_prepare found
// out.
struct both_figures measure_with_both(const struct command *program);

void assert_same_figures(const char *name, const struct both_figures *figures);
// Blocks of each class: those that seep counts otherwise are at most two of a hundred, and none of them
// became lost: not in all, and not from any stack. Bytes are left to assert_same_figures.
void assert_same_kinds(const char *name, const struct both_figures *figures);

// What memcheck says of each block: calls visit for each of its loss records, one for all blocks of a stack
// and kind. The program runs in its own environment.
void memcheck_records(const struct command *program,
                      void (*visit)(void *context, int kind, long long blocks, long long bytes),
                      void *context);
extern const char *const kind_names[KINDS]; // as in reports
