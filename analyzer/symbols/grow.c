// Arrays that grow by doubling. Called by the indices of this folder, never with the contents of a file as a
// size.
#include "analyzer/symbols/grow.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void *grow(void *array, size_t *capacity, size_t count, size_t element_bytes) {
    if (count < *capacity)
        return array;
    size_t wanted = *capacity ? *capacity * 2 : 16;
    void *moved = wanted <= SIZE_MAX / element_bytes ? realloc(array, wanted * element_bytes) : NULL;
    if (!moved) {
        fprintf(stderr, "seep: out of memory: an index of symbols needs %zu elements\n", wanted);
        abort();
    }
    *capacity = wanted;
    return moved;
}
