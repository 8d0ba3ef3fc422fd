// flags: -l:early_constructor.so -l:count.so
// A library's constructor allocated three blocks of 40 bytes before main; main frees one of them and grows
// one.
#include "tests/programs/count.h"
#include "tests/programs/keep.h"

extern void *early_blocks[3];

OWN_FRAME static void *grow(void *block) {
    void *grown = keep(realloc(block, 4000));
    AFTER_CALL;
    return grown;
}

int main(void) {
    MUST(early_blocks[0] && early_blocks[1] && early_blocks[2]);
    free(early_blocks[0]);
    early_blocks[1] = grow(early_blocks[1]);
    return 0;
}
