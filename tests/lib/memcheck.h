// Runs a program under seep and under valgrind's memcheck, in the same environment, for their figures of its
// heap.
#pragma once

#include "tests/lib/run.h"

struct heap_figures {
    long long allocations, frees, allocated_bytes;
    long long outstanding_blocks, outstanding_bytes;
};

struct both_figures {
    struct heap_figures seep, memcheck;
};

// The program's own process in both; children are not looked at. Fails the test unless the program prints and
// returns the same in both.
//
// What programs copy of their environment counts as well: so both runs see the same variables in the same
// order, with values of the same length. valgrind sets LD_PRELOAD and two more for the program, seep
// LD_PRELOAD and SEEP_SESSION: each run is given what the other's tool sets.
struct both_figures measure_with_both(const struct command *program);

void assert_same_figures(const char *name, const struct both_figures *figures);
