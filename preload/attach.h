// Whether this process is recorded, and where to. One private page that the kernel wipes in a forked child:
// the child finds ATTACH_NONE and takes its own place in the inherited memory at its first event.
#pragma once

#include "preload/phase.h"
#include "preload/wire/board.h"
#include "preload/wire/layout.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ATTACH_NONE = 0, // not (or no longer, after a fork): attach_again decides
    ATTACH_ON = 1,   // events are recorded
    ATTACH_REFUSED =
        2, // no place was left for this process: it runs on unrecorded, and the memory's header counts it
    ATTACH_LEFT = 3, // the analyzer is gone: never again
};

struct attach_page {
    uint32_t state;      // ATTACH_
    uint32_t generation; // differs in every process of a family: thread state of another generation is stale
    uint32_t slot;       // in the process table
    uint32_t pid;        // as this process sees itself; a vfork child shares this page and differs
    uint64_t numbered;   // events of descriptors and mappings so far: their sequence begins anew in a child
};

extern struct attach_page *attach_page; // valid once phase is PHASE_READY
extern struct wire_memory *memory;      // the family's; NULL: this process never met an analyzer
extern struct wire_board *board;
extern uint32_t tracked; // WIRE_TRACK_ bits: what is recorded; 0 until attached

// The place of this process in the memory; only while attached.
static inline struct wire_process *attach_process(void) {
    return (struct wire_process *)((char *)memory + memory->processes_at) + attach_page->slot;
}

// Makes the page. Before anything else; phase must be PHASE_EARLY.
void attach_prepare(void);

// First attachment of an exec'd program: both mappings as the meeting (meet.h) made them. 0 or -errno.
int attach_first(struct wire_memory *met_memory, struct wire_board *met_board);

// After a fork, at the child's first event: takes a process slot. True if events are recorded now.
// Async-signal-safe.
bool attach_again(void);

// Adds to the process's notes (NOTE_), and to those of what it forks later. Async-signal-safe.
void attach_note(uint32_t notes);

// The analyzer is gone or closed the session: records nothing from now on.
void attach_leave(void);

// Opens bytes [offset, offset + bytes) of the memory for reading and writing in this address space. 0 or
// -errno.
int attach_open(uint64_t offset, uint64_t bytes);

// True in the process that attached, false in a vfork child that borrows its memory.
bool attach_is_own_process(void);

static inline bool attach_on(void) {
    return likely(attach_page->state == ATTACH_ON) ||
           (attach_page->state == ATTACH_NONE && memory && attach_again());
}
