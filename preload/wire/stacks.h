// The stack table: every call stack of a family of processes (one exec and its forks), each stored once, as a
// tree.
//
// A node is (parent, module, pc); its id is its index; a stack is the id of its innermost frame, and
// following parents leads outward to the thread's start. Id 0 is "no frame": the parent of outermost frames,
// and "stack not known". Nodes are append-only and never change once published, so ids can be read after the
// writers were killed.
//
// Writers of all threads and forked processes insert without locks:
//   S1  writer fills node[id], then CAS-release of the id into an empty index cell -> S2 reader load-acquire
//   of the cell: the
//       node is complete. A writer that loses the race compares with the winner and leaves its own id unused.
//   An id that travels in a record is ordered by the ring's P1 -> C1.
//
// The index (writers only) is a list of levels, each an open-addressing table of ids four times as large as
// the one before, so that few stacks touch few pages. A level is closed to inserts when three quarters of it
// are used; lookups go from the newest level down.
#pragma once

#include <stdint.h>

enum {
    STACK_INDEX_LEVELS = 8,
    STACK_INDEX_FIRST_CELLS = 1 << 11, // cells in level 0; level k has 4^k times as many
};

// node.module: the low bits index the module table (modules.h), 0 is "in no module"; the high bits are flags.
#define STACK_MODULE_MASK 0x00ffffffu
#define STACK_EXACT_PC    0x80000000u // pc is an interrupted instruction, not a return address
#define STACK_GUESSED     0x40000000u // the step to the caller followed a frame pointer: no unwind information
#define STACK_TRUNCATED   0x20000000u // a marker, pc 0, parent 0: what is above could not be walked
#define STACK_ELIDED      0x10000000u // a marker, pc 0: frames in the middle were left out to keep within --depth

struct wire_stack_node {
    uint64_t pc;     // return address, or the interrupted instruction with STACK_EXACT_PC
    uint32_t parent; // the caller's node
    uint32_t module; // module index and flags
};
_Static_assert(sizeof(struct wire_stack_node) == 16, "wire layout");
