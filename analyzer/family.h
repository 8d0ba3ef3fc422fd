// A family: one exec'd program and what it forked, in the one memory that they share with us (wire/layout.h).
// Everything in that memory may be written by a crashed or hostile program: sizes and offsets are kept here,
// privately, and every index read from there is checked by the functions below.
#pragma once

#include "preload/wire/layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct process;

struct family {
    struct wire_memory *memory; // shared
    int fd;                     // of the memory; kept, so that it can tell whether anybody still has it
    uint64_t bytes;
    // Private copies of the constants.
    uint64_t processes_at, extent_states_at, modules_at, strings_at, nodes_at, extents_at;
    uint64_t string_bytes; // of the string area
    uint32_t node_limit, extent_count, ring_slots, depth;
    bool follow, turnover;
    // What we know of each.
    struct process *by_slot[WIRE_PROCESSES]; // NULL: slot not in use as far as we know
    struct process
        *last_in_slot[WIRE_PROCESSES]; // the same, but kept when it ended: children may come to light later
    uint32_t live_processes;
    uint32_t unseen_processes; // of these, those that cannot be watched (process.h)
    uint64_t founded_ticks;    // when its first process began, as /proc/PID/stat has it; 0: not known
    bool deserted;             // family_deserted has said so: the memory must not be written
    bool foreign_ids;          // its processes live in another pid namespace: the ids they tell are not ours
    struct extent_state *extents; // extent_count of them, zeroed
};

struct extent_state {
    uint64_t tail;         // ours; the shared one is only written
    uint64_t first;        // tail when its owner was found: the owner's records begin here
    uint64_t idle_head;    // head when the thread was last looked for
    uint64_t moving;       // the ring's, when it was first seen odd in round
    uint64_t moving_round; // its owner's rounds then, plus 1
    struct process *owner; // NULL while the extent is free or its owner unknown
    uint32_t tid;          // as its process sees it
};

struct family_options {
    uint32_t ring_slots;    // power of two, at most WIRE_RING_SLOTS
    uint32_t depth;         // 2 to WIRE_DEPTH_MAX
    bool follow;            // record forked children
    uint32_t track;         // WIRE_TRACK_ bits
    bool examine;           // processes stand still at their end until they have been examined
    bool turnover;          // count what each stack acquires and gives back (turnover.h)
    bool compare_stacks;    // debugging: compare every stack with libunwind's own walk
    uint64_t address_space; // the target's limit; the memory takes an eighth of it at most
};

// Makes the memory. NULL and errno if the system refuses.
struct family *family_new(const struct family_options *options);
void family_free(struct family *family);

// Does nobody but us have the memory any more? The kernel's word: it knows of children that were forked and
// have not said a word yet, and of processes that cannot be watched. Once true it stays true, and what is in
// the memory is final: it can only be read from then on. The memory moves: pointers into it are no longer
// good.
bool family_deserted(struct family *family);

struct wire_process *family_process(const struct family *family, uint32_t slot); // slot < WIRE_PROCESSES
uint32_t *family_extent_state(const struct family *family, uint32_t extent);     // extent < extent_count
struct wire_thread *family_thread(const struct family *family, uint32_t extent);
struct wire_nursery *family_nursery(const struct family *family, uint32_t extent);
const struct wire_record *family_slots(const struct family *family, uint32_t extent);

// Copies what the shim says that it mapped for itself, at most WIRE_OWN_AREAS, in no order. Returns how many.
size_t family_own_areas(const struct family *family, struct wire_own *out);
// Copies node `id` of the stack table. False if there is no such node.
bool family_node(const struct family *family, uint32_t id, struct wire_stack_node *out);
// Copies module `index` and its path (room for at least 4097 bytes). False if there is no such module.
bool family_module(const struct family *family, uint32_t index, struct wire_module *out, char *path,
                   size_t path_bytes);
