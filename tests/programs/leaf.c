// A child like any other: leaf N leaks N blocks of 16 bytes and ends with status N.
#include "tests/programs/keep.h"

OWN_FRAME static void leaf_leaks(int blocks) {
    for (int i = 0; i < blocks; i++)
        keep(malloc(16));
    AFTER_CALL;
}

int main(int argc, char **argv) {
    int blocks = argc > 1 ? atoi(argv[1]) : 0;
    leaf_leaks(blocks);
    return blocks;
}
