// The stack table: every call stack of a family of processes (one exec and its forks), each stored once, as a
// tree.
//
// A node is (parent, module, pc); its id is its index; a stack is the id of its innermost frame, and
// following parents leads outward to the thread's start. Id 0 is "no frame": the parent of outermost frames,
// and "stack not known". Nodes are append-only and never change once published, so ids can be read after the
// writers were killed.
//
// A node is found by the hash of its whole stack, rolled from the outermost frame inward (stack_hash_add
// below): 64 bits stand for the stack. The chance that any two of a million stacks share one is 3 in 10^8.
//
// Writers of all threads and forked processes insert without locks, and none ever waits for another:
//   S1  a writer fills node[id], then CAS-release of the id into its cell -> S2  reader load-acquire of the
//   cell's id: the
//       node is complete. The cell is claimed before by a CAS of its hash; a claimed cell without an id (its
//       writer is between the two, or was killed there) may be completed by anybody. A writer that loses
//       leaves its own node unused.
//   An id that travels in a record is ordered by the ring's P1 -> C1.
//
// The index (writers only) is a list of levels, each an open-addressing table four times as large as the one
// before, so that few stacks touch few pages. A level is closed to inserts when three quarters of it are
// used; lookups go from the newest level down.
#pragma once

#include <stdint.h>

enum {
    STACK_INDEX_LEVELS = 8,
    STACK_INDEX_FIRST_CELLS = 1 << 10, // cells in level 0; level k has 4^k times as many
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

struct wire_stack_cell {
    uint64_t hash; // of the stack; 0: empty
    uint32_t id;   // of its innermost frame's node; 0: not there yet
    uint32_t unused;
};
_Static_assert(sizeof(struct wire_stack_cell) == 16, "four to a cache line");

// The hash of a stack with no frame yet.
enum { STACK_HASH_START = 1 };

// The hash of a stack that calls on into (pc, module and flags). Never 0.
static inline uint64_t stack_hash_add(uint64_t hash, uint64_t pc, uint32_t module) {
    hash = (hash ^ pc) * 0x9e3779b97f4a7c15ull;
    hash ^= hash >> 32;
    hash = (hash + module) * 0xd6e8feb86659fd93ull;
    hash ^= hash >> 29;
    return hash | !hash;
}
