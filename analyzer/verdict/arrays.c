// See arrays.h. Called by all of the verdict.
#include "analyzer/verdict/arrays.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE ((uintptr_t)2 << 20)

// Advice: where it isn't followed, everything is only slower.
static void *in_huge_pages(void *array, size_t bytes) {
    if (!array) {
        fputs("seep: out of memory\n", stderr);
        abort();
    }
    uintptr_t first = ((uintptr_t)array + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1),
              last = ((uintptr_t)array + bytes) & ~(HUGE_PAGE - 1);
    if (last > first)
        madvise((void *)first, last - first, MADV_HUGEPAGE);
    return array;
}

void *verdict_allocate(size_t count, size_t bytes) {
    count = count ? count : 1;
    return in_huge_pages(calloc(count, bytes), count * bytes);
}

void *verdict_grow(void *array, size_t bytes) {
    return in_huge_pages(realloc(array, bytes), bytes);
}
