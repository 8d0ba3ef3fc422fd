// From a hook to the ring: the only producer of records. Called by the hooks with what happened.
#pragma once

#include "preload/unwind.h"
#include "preload/wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The calling hook's caller, for the walk. Only in a hook's own body: the hooks are compiled with frame
// pointers.
#define CALLER()                                                                                             \
    (&(struct frame_state){.pc = (uintptr_t)__builtin_return_address(0),                                     \
                           .sp = (uintptr_t)__builtin_dwarf_cfa(),                                           \
                           .fp = *(uintptr_t *)__builtin_frame_address(0)})

// A call succeeded and the program now holds block. After the real call.
void record_acquire(uint8_t call, const void *block, size_t bytes, const struct frame_state *caller);

// The program gives block back. Before the real call, so that no other thread can be handed the address
// first.
void record_release(uint8_t call, const void *block);

// The same for a call that may give the block back by another hooked one, as an allocator's operator delete
// that calls free does: within, the block's release is not recorded again. record_release_end after the real
// call, with what record_release_begin returned.
const void *record_release_begin(uint8_t call, const void *block);
void record_release_end(const void *block, const void *outer);

// A call that gives one block back for another in one go: record_move_begin before it, then one of the other
// three. (A failed call may leave a moved epoch without a record; that does no harm: docs/ordering.md.)
struct record_move {
    struct wire_record cancels; // the block's acquire, taken out of the nursery; kind 0: it was not there
    uint64_t epoch;             // else: the release's
    uint32_t generation;        // of the process that began it (attach.h); 0: events are not recorded
    struct thread *shown_by;    // whose ring shows that it is under way (wire/ring.h, P4); NULL: none
    const void *outer;          // the block that an outer call is giving back; NULL: none
    bool nested;                // it is this one: the outer call records its release
};
struct record_move record_move_begin(const void *block);
void record_move(uint8_t call, const void *block, struct record_move *move, const void *fresh, size_t bytes,
                 const struct frame_state *caller);
void record_move_released(uint8_t call, const void *block, struct record_move *move);
void record_move_failed(struct record_move *move);

// A block that was acquired before the constructor ran; its stack is the one return address.
void record_early(const void *block, size_t bytes, const void *caller);

// An event of a descriptor or a mapping: takes the next number of the process's sequence and sends the
// record, whose epoch and, with a caller, stack are filled in. An acquire after the real call succeeded, a
// release before it. Returns the number; 0: it was not recorded. For record_numbered.c, which has a function
// for each kind.
uint64_t record_numbered(struct wire_record *record, const struct frame_state *caller);
