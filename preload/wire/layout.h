// The memory that one exec'd program and its forked descendants share with the analyzer: a sparse file,
// reserved whole in each address space and opened piece by piece. The analyzer makes it and fills the
// constants; targets fill the rest.
//
//   [header][process slots][extent states][modules][strings][stack index][stack nodes] ... [extent 0][extent
//   1] ...
//
// All offsets are in bytes from the start and multiples of 4096. An extent holds one recording thread: struct
// wire_thread, then its ring. Everything here is plain data: no pointers, no locks; a process may be killed
// at any store.
#pragma once

#include "preload/wire/modules.h"
#include "preload/wire/nursery.h"
#include "preload/wire/ring.h"
#include "preload/wire/stacks.h"

#include <stddef.h>
#include <stdint.h>

#define WIRE_MEMORY_MAGIC 0x6d656d5045455300ull

enum {
    WIRE_PROCESSES = 4096,       // slots for processes alive or not yet reported at one time, per memory
    WIRE_EXTENT_BYTES = 1 << 19, // one recording thread
    WIRE_THREAD_HEAD_BYTES = 4096,
    WIRE_RING_SLOTS = 2048, // the usual capacity, and the largest
    WIRE_DEPTH_MAX = 2048,  // the most frames kept of a stack: a walk's buffers are in the extent, too
    WIRE_MAX_MODULES = 1 << 16,
    WIRE_STRING_BYTES = 1 << 24, // the usual string_limit
};

// memory.track
enum { WIRE_TRACK_HEAP = 1u << 0, WIRE_TRACK_FD = 1u << 1, WIRE_TRACK_MAP = 1u << 2 };

// An area that the shim maps for itself, besides this memory.
struct wire_own {
    uint64_t start; // target, by CAS; 0: no area
    uint64_t bytes; // OW1 store-release -> OW2 load-acquire: start is valid where this isn't 0
};
enum { WIRE_OWN_AREAS = 16 };

struct wire_memory {
    // Analyzer, before any target maps it.
    uint64_t magic;
    uint32_t version;                      // WIRE_VERSION
    uint32_t ring_slots;                   // capacity of each ring: a power of two that fits an extent
    uint64_t bytes;                        // of all of it
    uint64_t processes_at;                 // struct wire_process[WIRE_PROCESSES]
    uint64_t extent_states_at;             // uint32_t[extent_count]
    uint64_t modules_at;                   // struct wire_module[WIRE_MAX_MODULES]; entry 0 is unused
    uint64_t strings_at;                   // char[string_limit]
    uint64_t index_at[STACK_INDEX_LEVELS]; // struct wire_stack_cell[STACK_INDEX_FIRST_CELLS << 2k]; 0 where
                                           // there was no room for a level
    uint64_t nodes_at;                     // struct wire_stack_node[node_limit]
    uint64_t extents_at;
    uint32_t node_limit;
    uint32_t extent_count;
    uint32_t depth;          // frames kept of a stack
    uint32_t follow;         // 0: forked children are not recorded
    uint32_t string_limit;   // bytes of the string area
    uint32_t compare_stacks; // debugging: every captured stack is compared with libunwind's own walk
    uint32_t track;          // WIRE_TRACK_ bits: what is recorded
    uint32_t examine;        // 1: a process that ends stands still until it has been examined (wire_process)
    uint32_t turnover;       // each stack's cancelled pairs are counted (nursery.h), for who wants profiles
    uint32_t unused0;
    uint64_t unused1[2];
    // Targets. All are counters that only grow.
    uint32_t extents_used;                   // extents [0, extents_used) have been claimed at some time
    uint32_t processes_used;                 // likewise
    uint32_t module_count;                   // entries [1, module_count] are claimed
    uint32_t string_bytes;                   // claimed
    uint32_t node_count;                     // nodes [1, node_count] are claimed
    uint32_t index_level;                    // the level that takes inserts
    uint32_t index_used[STACK_INDEX_LEVELS]; // cells filled
    uint32_t lost_processes;                 // processes that found no slot: they are not recorded
    uint32_t lost_stacks;                    // stacks that found no node: recorded as 0
    uint32_t lost_modules;                   // modules that found no entry: their frames have addresses only
    uint32_t
        extents_wanted; // a thread found none free: set to 1 by it, to 0 by the analyzer when it has looked
    uint32_t allocator_module; // that serves malloc, of the program and its forks; 0: not known
    uint32_t unused2;
    uint64_t early_at, early_bytes; // the shim's early arena: the constructor, once; 0: not known
    uint32_t unused3[8];
    struct wire_own own[WIRE_OWN_AREAS];
};
_Static_assert(sizeof(struct wire_memory) == 576, "wire layout");

// extent_states[i], and process.state
enum {
    SLOT_FREE = 0,    // analyzer, when all was read and its owner is gone
    SLOT_CLAIMED = 1, // target, by CAS: being filled
    SLOT_LIVE = 2,    // target, store-release: X1 -> X2 analyzer load-acquire: the fields are valid
};

enum { ENDED_NOT = 0, ENDED_EXIT = 1, ENDED_EXEC = 2 };

// process.notes
enum {
    NOTE_HEAP_BYPASSED = 1u << 0, // the program's malloc is not ours: it defines its own
    NOTE_NO_UNWINDER = 1u << 1,   // libunwind could not be loaded: stacks have one frame
    NOTE_NO_WIPE = 1u << 2,       // the kernel lacks MADV_WIPEONFORK: raw forks cannot be noticed
    NOTE_DEEP_BOUND = 1u << 3,    // it asked for a library with RTLD_DEEPBIND, whose calls pass the hooks by
    NOTE_NAMESPACE = 1u << 4,     // it asked for a library in another namespace, where nothing is preloaded
};

struct wire_process {
    uint32_t state;        // SLOT_
    uint32_t pid;          // as the process itself sees it
    uint32_t parent_slot;  // slot of the process that forked it plus 1; 0: it came by exec
    uint32_t ended;        // ENDED_: the last thing it said; an exec that fails takes it back
    int32_t status;        // ended == ENDED_EXIT: what it gave to exit
    uint32_t notes;        // NOTE_
    uint32_t lost_records; // events that could not be recorded
    uint32_t waits;        // LW1 store-release -> LW2 load-acquire: 1 once it has said how it ends and stands
                           // still until the report is out
    uint32_t stacks_compared;  // with compare_stacks
    uint32_t stacks_different; // of them
    uint32_t stands;   // LE1 store-release -> LE2 load-acquire: 1 once it has said how it ends and stands
                       // still until it has been examined; its other threads run on
    uint32_t examined; // the analyzer: LE3 store-release -> LE4 load-acquire: 1 when it may go on; futex
                       // word
    uint64_t standing_thread; // valid by LE1: thread pointer of the thread that stands
    uint64_t standing_stack;  // valid by LE1: what that thread's stack holds of the program begins here, the
                              // program's registers included; 0: where its stack pointer is
};
_Static_assert(sizeof(struct wire_process) == 64, "wire layout");

struct wire_thread {
    struct wire_ring ring;
    uint32_t process_slot;
    uint32_t tid; // as the process itself sees it; 0: the extent is given back with its process only
    uint64_t truncated_stacks; // events whose stack did not reach the thread's start
    uint32_t level;            // 0; more: serves signal handlers that interrupt the levels below
};
_Static_assert(sizeof(struct wire_thread) <= WIRE_THREAD_HEAD_BYTES, "the nursery follows");

// The rest of an extent: the nursery, the ring's slots, and what is the shim's own business.
enum { WIRE_SLOTS_AT = (WIRE_THREAD_HEAD_BYTES + sizeof(struct wire_nursery) + 63) / 64 * 64 };
