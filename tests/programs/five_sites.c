// Leaks from five functions: 1, 2, 3, 4 and 5 blocks of 1,000 bytes, and one that is freed.
#include "tests/programs/keep.h"

#define LEAK(function, blocks)                                                                               \
    OWN_FRAME static void function(void) {                                                                   \
        for (int i = 0; i < opaque(blocks); i++)                                                             \
            keep(malloc(1000));                                                                              \
        AFTER_CALL;                                                                                          \
    }
LEAK(leaks_one, 1)
LEAK(leaks_two, 2)
LEAK(leaks_three, 3)
LEAK(leaks_four, 4)
LEAK(leaks_five, 5)

OWN_FRAME static void leaks_nothing(void) {
    free(keep(malloc(1000)));
    AFTER_CALL;
}

int main(void) {
    leaks_one();
    leaks_two();
    leaks_three();
    leaks_four();
    leaks_five();
    leaks_nothing();
    MUST(write(1, "output\n", 7) == 7);
    return 3;
}
