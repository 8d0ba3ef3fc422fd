// Large arrays of the verdict: in huge pages where the kernel has them, since they are read at random.
// Released with free(). Abort when memory runs out.
#pragma once

#include <stddef.h>

void *verdict_allocate(size_t count, size_t bytes); // zeroed
void *verdict_grow(void *array, size_t bytes);      // as realloc
