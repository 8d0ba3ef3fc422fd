// The latest ranges that were given back, with what lay there: a call may turn out to have failed, or to have
// moved what it gave back (mremap). Which of them will, nobody knows before, so the latest are kept; those
// that will certainly be asked for stay longer.
#pragma once

#include "analyzer/ledger/regions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNMAPPINGS = 1024 }; // kept

struct unmapping {
    uint64_t number; // of the event; 0: this place is free
    uint64_t start, end;
    uint32_t stack; // of the event
    bool moves;     // it will be asked for
    struct region *pieces;
    size_t count, room; // of pieces, ascending
};

struct unmappings {
    struct unmapping latest[UNMAPPINGS];
    size_t next; // to be used
};

// A place for one more; what it displaces is in it, for the caller to settle and to overwrite all but pieces
// and room.
struct unmapping *unmappings_place(struct unmappings *unmappings);

// The one whose number has these low 32 bits. NULL: none.
struct unmapping *unmappings_find(struct unmappings *unmappings, uint32_t number);

// Frees the memory of the pieces.
void unmappings_free(struct unmappings *unmappings);
