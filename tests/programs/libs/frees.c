// Frees what it is given, and allocates for itself.
#include <stdlib.h>

void drop(void *block) {
    free(block);
}

int allocates(void) {
    void *volatile block = malloc(10);
    free(block);
    return block != NULL;
}
