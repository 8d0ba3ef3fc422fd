// Holds a heap of one shape and ends: what bench/pauses.py has verdicts found of. Usage: heap SHAPE BLOCKS
// BYTES, where SHAPE is list (each block points to the one before it), tree (to two, and most have two that
// point nowhere) or table (an array points to each, and they to nothing).
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void ***held;

static void **make(size_t bytes, size_t number) {
    void **block = malloc(bytes);
    if (!block)
        exit(1);
    memset(block, (int)(number & 63), bytes); // small numbers and text: nothing that points anywhere
    return block;
}

int main(int argc, char **argv) {
    size_t blocks = argc > 3 ? strtoul(argv[2], NULL, 10) : 0,
           bytes = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
    if (blocks == 0 || bytes < 2 * sizeof(void *)) {
        fprintf(stderr, "usage: heap list|tree|table BLOCKS BYTES, of at least 16\n");
        return 2;
    }
    held = calloc(blocks, sizeof *held);
    if (!held)
        return 1;
    for (size_t i = 0; i < blocks; i++) {
        held[i] = make(bytes, i);
        if (*argv[1] == 'l')
            held[i][0] = i ? (void *)held[i - 1] : NULL;
        else if (*argv[1] == 't' && argv[1][1] == 'r' && i)
            held[(i - 1) / 2][(i - 1) % 2] = held[i];
    }
    if (*argv[1] == 'l')
        held[0] = held[blocks - 1];
    if (strcmp(argv[1], "table") != 0)
        memset(held + 1, 0, (blocks - 1) * sizeof *held); // the rest hangs on the first
    return 0;
}
