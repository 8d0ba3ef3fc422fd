// What each stack of a process acquired, whether it was given back or not: for profiles of allocation. Kept
// only when asked for, since it costs a place per stack and a look per record. Exact, but for a thread that
// was killed: its last pair may be missing in one of the two figures.
#pragma once

#include "preload/wire/record.h"

#include <stddef.h>
#include <stdint.h>

struct turnover_entry {
    uint32_t stack; // id in the stack table
    uint64_t count, bytes;
};

struct turnover;

// Never NULL: aborts when memory runs out.
struct turnover *turnover_new(void);
void turnover_free(struct turnover *turnover);

// Counts RECORD_ACQUIRE and RECORD_TURNOVER; passes over others.
void turnover_take(struct turnover *turnover, const struct wire_record *records, size_t count);

// All entries, in any order; owned by the turnover, and free to be sorted once no more are taken.
struct turnover_entry *turnover_entries(struct turnover *turnover, size_t *count);
