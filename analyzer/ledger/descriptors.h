// Which descriptors one process holds, who opened each, and what was closed that was not open. Events come in
// the order in which they happened (sequence.h).
//
// Numbers serve again, so what is kept is the latest life of each number. Invariant:
//   opened - closed - closed_unseen == descriptors that are DESCRIPTOR_OPEN == outstanding + standard
#pragma once

#include "preload/wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct descriptors;

enum descriptor_state {
    DESCRIPTOR_UNKNOWN,      // never seen open
    DESCRIPTOR_OPEN,         // opened by a recorded call
    DESCRIPTOR_INHERITED,    // open when the process began to be recorded
    DESCRIPTOR_UNATTRIBUTED, // open at the end, although no recorded call opened it
    DESCRIPTOR_CLOSED,
};

struct descriptor {
    int fd;
    enum descriptor_state state;
    bool standard; // 0, 1 or 2, and open from the start: what takes its place is a standard stream as well
    uint8_t call, close_call;      // that opened and closed it; CALL_NONE: not known
    uint32_t stack, close_stack;   // of these calls
    uint64_t opened_at, closed_at; // their numbers; 0: not known
};

struct descriptor_counts {
    uint64_t opened, closed; // recorded calls; a close of an inherited descriptor is not in closed
    uint64_t closed_unseen;  // opened, and gone without a recorded close: raw system calls
    uint64_t outstanding, standard, inherited, unattributed; // open now; the first two by recorded calls
    uint64_t double_closes;      // closes of a number that was closed already, by a recorded call
    uint64_t closes_of_unopened; // closes of a number that was never seen open
    uint64_t swept; // failed closes within a sweep over neighbouring numbers, as daemons do: no misuse
};

// One way in which descriptors were closed that were not open. Sweeps are left out.
struct descriptor_misuse {
    bool twice;                          // closed already; else never seen open
    uint8_t open_call, first_call, call; // the first two only if twice
    uint32_t open_stack, first_stack, stack;
    uint64_t count;
    int fd; // the first of them
};

// Never NULL: aborts when memory runs out.
struct descriptors *descriptors_new(void);
void descriptors_free(struct descriptors *descriptors);

// OPENED, CLOSED, or a TAKEN_BACK that may be another book's.
void descriptors_apply(struct descriptors *descriptors, const struct wire_record *record);

// fd was open when the process began to be recorded. Before any descriptors_apply.
void descriptors_inherit(struct descriptors *descriptors, int fd);

// A forked child's: whatever is open in parent now counts as inherited. Before any descriptors_apply.
void descriptors_inherit_from(struct descriptors *child, const struct descriptors *parent);

// What is open in truth: recorded ones that are not among them were closed unseen, others among them are
// unattributed. Of a process whose threads ran on meanwhile, numbers with events above `since` are left
// alone; UINT64_MAX if they stood still.
void descriptors_compare(struct descriptors *descriptors, const int *open, size_t count, uint64_t since);

// The recorded descriptor of this number was closed unseen, and the number is another's now: unattributed.
// Does nothing if it is not open.
void descriptors_disown(struct descriptors *descriptors, int fd);

// The process turned into another program: what it had open is closed now, or that one's.
void descriptors_pass_on(struct descriptors *descriptors);

// No more events will come. Before the three below; idempotent.
void descriptors_settle(struct descriptors *descriptors);

void descriptors_count(const struct descriptors *descriptors, struct descriptor_counts *out);
// All numbers that were ever seen, in no order. NULL when there are none.
const struct descriptor *descriptors_all(const struct descriptors *descriptors, size_t *count);
const struct descriptor_misuse *descriptors_misuse(const struct descriptors *descriptors, size_t *count);
