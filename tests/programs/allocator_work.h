// What a program with its own allocator does: 1,000 blocks, of which 100 stay, and one of each other kind.
// "idle" as the first argument does nothing, so that the difference between two runs is exactly this.
#pragma once

#include "tests/programs/keep.h"

#include <malloc.h>

enum { WORK_BLOCKS = 1000, WORK_KEPT = 100, WORK_BLOCK_BYTES = 48 };

static void *work_block; // one of those that stay

OWN_FRAME static void work_on_blocks(void) {
    static void *blocks[WORK_BLOCKS];
    for (int i = 0; i < WORK_BLOCKS; i++)
        blocks[i] = keep(malloc(WORK_BLOCK_BYTES));
    for (int i = WORK_KEPT; i < WORK_BLOCKS; i++)
        free(blocks[i]);
    work_block = blocks[0];
}

OWN_FRAME static void work_on_other_kinds(void) {
    void *aligned = NULL;
    MUST(posix_memalign(&aligned, 256, 500) == 0);
    free(aligned);
    free(keep(calloc(10, 10)));
    free(keep(memalign(64, 100)));
    free(keep(aligned_alloc(64, 128)));
    keep(realloc(keep(realloc(keep(malloc(10)), 100000)), 20));
}

// True if the caller shall go on to prove that the allocator is its own.
static int allocator_work(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "idle"))
        return 0;
    work_on_blocks();
    work_on_other_kinds();
    AFTER_CALL;
    return 1;
}
