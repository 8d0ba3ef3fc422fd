// See arrays.h. Called by all of the verdict.
#include "analyzer/verdict/arrays.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE ((uintptr_t)2 << 20)
_Static_assert(VERDICT_STEP % HUGE_PAGE == 0, "what is moved stays in whole huge pages");

static void run_out(void) {
    fputs("seep: out of memory\n", stderr);
    abort();
}

// Advice: where it isn't followed, everything is only slower.
static void *in_huge_pages(void *array, size_t bytes) {
    if (!array)
        run_out();
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

// Where an array begins a huge page: from there the kernel moves it page by huge page to another such place,
// and would break them up otherwise.
static void *map_aligned(size_t bytes) {
    char *mapped = mmap(NULL, bytes + HUGE_PAGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED)
        run_out();
    size_t before = (HUGE_PAGE - (uintptr_t)mapped % HUGE_PAGE) % HUGE_PAGE;
    if (before)
        munmap(mapped, before);
    munmap(mapped + before + bytes, HUGE_PAGE - before);
    return mapped + before;
}

void *verdict_extend(void *array, size_t old_bytes, size_t bytes) {
    void *mapped = map_aligned(bytes);
    if (old_bytes && mremap(array, old_bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, mapped) == MAP_FAILED)
        run_out();
    if (bytes > VERDICT_STEP) // a small heap does without clearing a huge page
        madvise(mapped, bytes, MADV_HUGEPAGE);
    return mapped;
}

void verdict_unmap(void *array, size_t bytes) {
    if (bytes)
        munmap(array, bytes);
}
