// A library that allocates in its constructor, before main and before most other constructors.
#include <stdlib.h>

void *early_blocks[3];

__attribute__((constructor(101))) static void constructor_allocates(void) {
    for (int i = 0; i < 3; i++)
        early_blocks[i] = malloc(40);
}
