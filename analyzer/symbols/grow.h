// Arrays that grow by doubling, for the indices of this folder.
#pragma once

#include <stddef.h>

// Room for one more element: returns array, moved if it was full, with *capacity raised. Starts from NULL and
// 0. Aborts with a message when memory runs out, as arena.h does. Release with free().
void *grow(void *array, size_t *capacity, size_t count, size_t element_bytes);
