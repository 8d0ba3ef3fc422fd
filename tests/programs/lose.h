// A block that nothing points to any more, not even by chance.
#pragma once

#include "tests/programs/keep.h"

enum { HELD = 200, LOST = 100 }; // bytes of a block that is held, and of one that is lost

__attribute__((noinline)) static void lose(void) {
    void *volatile block = malloc(LOST);
    MUST(block != NULL);
    block = NULL;
}

// Leaves nothing of what it had on the stack, where later calls may leave parts of it unwritten.
__attribute__((noinline)) static void wipe_stack(void) {
    char space[131072];
    memset(space, 0, sizeof space);
    __asm__ volatile("" : : "r"(space) : "memory");
}
