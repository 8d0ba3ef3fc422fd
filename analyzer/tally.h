// What each stack of a process acquired, whether it was given back or not: for profiles of allocation. Kept
// only when asked for, since it costs a place per stack and a look per record. Exact, but for a thread that
// was killed: its last pair may be missing in one of the two figures.
#pragma once

#include "preload/wire/record.h"

#include <stddef.h>
#include <stdint.h>

struct tally_entry {
    uint32_t stack; // id in the stack table
    uint64_t count, bytes;
};

struct tally;

// Never NULL: aborts when memory runs out.
struct tally *tally_new(void);
void tally_free(struct tally *tally);

// Counts RECORD_ACQUIRE and RECORD_TALLY; passes over others.
void tally_take(struct tally *tally, const struct wire_record *records, size_t count);

// All entries, in any order; owned by the tally, and free to be sorted once no more are taken.
struct tally_entry *tally_entries(struct tally *tally, size_t *count);
