// Large arrays of the verdict: in huge pages where the kernel has them, since they are read at random. Abort
// when memory runs out.
#pragma once

#include <stddef.h>

// Released with free().
void *verdict_allocate(size_t count, size_t bytes); // zeroed
void *verdict_grow(void *array, size_t bytes);      // as realloc

// Arrays that grow while they are filled, and never are copied: bytes and old_bytes are multiples of
// VERDICT_STEP, the array of old_bytes is NULL where those are 0. What is new is zero, and takes no memory
// before it is written to.
#define VERDICT_STEP ((size_t)2 << 20)
void *verdict_extend(void *array, size_t old_bytes, size_t bytes);
void verdict_unmap(void *array, size_t bytes); // NULL with 0 is fine
