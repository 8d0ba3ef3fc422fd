// Blocks that can be told apart in a report: block number N is of 10,000 + 8 * N bytes. Nothing but what a
// program does with it on purpose points to one: what calls leave behind on the stack is wiped.
#pragma once

#include "tests/programs/keep.h"

#include <stdint.h>

enum { TAGGED_BYTES = 10000, SCRUB_BYTES = 32768 };

// A macro, so that each block has a call of its own.
#define BLOCK(number) ((void **)keep(malloc(TAGGED_BYTES + 8 * (number))))

OWN_FRAME static void scrub_stack(void) {
    volatile char below[SCRUB_BYTES];
    for (int i = 0; i < SCRUB_BYTES; i++)
        below[i] = 0;
    AFTER_CALL;
}
