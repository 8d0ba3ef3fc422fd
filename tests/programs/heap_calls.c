// One heap call and its semantics per case: heap_calls CASE. Nothing else in the process allocates, so totals
// are exact.
#define _GNU_SOURCE
#include "tests/programs/cases.h"
#include "tests/programs/keep.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>

static void nothing(void) {
}

static void malloc_one(void) {
    keep(malloc(24));
}

static void malloc_zero(void) {
    MUST(keep(malloc(0)));
}

static void malloc_fails(void) {
    errno = 0;
    MUST(!keep(malloc((size_t)PTRDIFF_MAX - 4096)));
    MUST(errno == ENOMEM);
}

static void calloc_three(void) {
    char *block = keep(calloc(3, 8));
    for (int i = 0; i < 24; i++)
        MUST(block[i] == 0);
}

static void calloc_zero(void) {
    MUST(keep(calloc(0, 8)));
}

static void calloc_overflows(void) {
    volatile size_t half = SIZE_MAX / 2;
    errno = 0;
    MUST(!keep(calloc(half, 3)));
    MUST(errno == ENOMEM);
}

static void calloc_after_dirty_free(void) {
    memset(keep(malloc(1000)), 0xff, 1000);
    void *dirty = keep(malloc(1000));
    memset(dirty, 0xff, 1000);
    free(dirty);
    char *block = keep(calloc(10, 100));
    for (int i = 0; i < 1000; i++)
        MUST(block[i] == 0);
}

static void realloc_from_null(void) {
    MUST(keep(realloc(keep(NULL), 40)));
}

static void realloc_null_to_zero(void) {
    MUST(keep(realloc(keep(NULL), 0)));
}

static void realloc_grows(void) {
    char *block = keep(malloc(10));
    memset(block, 'x', 10);
    block = keep(realloc(block, 1000));
    MUST(block[9] == 'x');
}

static void realloc_shrinks(void) {
    keep(realloc(keep(malloc(100)), 50));
}

static void realloc_moves(void) {
    char *block = keep(malloc(100));
    memset(block, 'x', 100);
    uintptr_t before = (uintptr_t)block;
    char *blocker = keep(malloc(100));
    block = keep(realloc(block, 1 << 20));
    MUST((uintptr_t)block != before && block[99] == 'x');
    free(blocker);
}

static void realloc_fails(void) {
    char *block = keep(malloc(10));
    block[9] = 'x';
    errno = 0;
    volatile size_t huge = (size_t)PTRDIFF_MAX - 4096;
    MUST(!keep(realloc(block, huge)));
    MUST(errno == ENOMEM && block[9] == 'x');
}

static void realloc_fails_then_free(void) {
    char *block = keep(malloc(10));
    volatile size_t huge = (size_t)PTRDIFF_MAX - 4096;
    MUST(!keep(realloc(block, huge)));
    free(block);
}

static void realloc_to_zero(void) {
    volatile size_t zero = 0;
    MUST(!keep(realloc(keep(malloc(10)), zero)));
}

static void reallocarray_new(void) {
    MUST(keep(reallocarray(NULL, 4, 8)));
}

static void reallocarray_grows(void) {
    keep(reallocarray(keep(malloc(32)), 8, 8));
}

static void reallocarray_overflows(void) {
    volatile size_t half = SIZE_MAX / 2;
    void *block = keep(malloc(32));
    errno = 0;
    MUST(!keep(reallocarray(block, half, 3)));
    MUST(errno == ENOMEM);
}

static void memalign_64(void) {
    MUST((uintptr_t)keep(memalign(64, 100)) % 64 == 0);
}

static void memalign_fails(void) {
    volatile size_t huge = (size_t)PTRDIFF_MAX - 4096;
    MUST(!keep(memalign(64, huge)));
}

static void aligned_alloc_64(void) {
    MUST((uintptr_t)keep(aligned_alloc(64, 128)) % 64 == 0);
}

static void posix_memalign_64(void) {
    void *block = NULL;
    MUST(posix_memalign(&block, 64, 100) == 0);
    MUST((uintptr_t)keep(block) % 64 == 0);
}

static void posix_memalign_fails(void) {
    volatile size_t three = 3, huge = (size_t)PTRDIFF_MAX - 4096;
    void *untouched = &untouched;
    MUST(posix_memalign(&untouched, three, 100) == EINVAL && untouched == &untouched);
    MUST(posix_memalign(&untouched, 64, huge) == ENOMEM && untouched == &untouched);
}

static void valloc_100(void) {
    MUST((uintptr_t)keep(valloc(100)) % (uintptr_t)sysconf(_SC_PAGESIZE) == 0);
}

static void pvalloc_100(void) {
    MUST((uintptr_t)keep(pvalloc(100)) % (uintptr_t)sysconf(_SC_PAGESIZE) == 0);
}

static void free_null(void) {
    free(keep(NULL));
}

static void every_aligned_kind_is_freed(void) {
    void *block = NULL;
    MUST(posix_memalign(&block, 64, 100) == 0);
    free(keep(block));
    free(keep(memalign(64, 100)));
    free(keep(aligned_alloc(64, 128)));
    free(keep(valloc(100)));
    free(keep(pvalloc(100)));
}

// Found only where some library defines them: glibc 2.36 has cfree for old programs alone and no sized frees.
static void old_and_new_frees(void) {
    void (*cfree_)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "cfree");
    void (*free_sized_)(void *, size_t) = (void (*)(void *, size_t))dlsym(RTLD_DEFAULT, "free_sized");
    void (*free_aligned_sized_)(void *, size_t, size_t) =
        (void (*)(void *, size_t, size_t))dlsym(RTLD_DEFAULT, "free_aligned_sized");
    void *plain = keep(malloc(10)), *sized = keep(malloc(20)), *aligned = keep(aligned_alloc(64, 64));
    cfree_ ? cfree_(plain) : free(plain);
    free_sized_ ? free_sized_(sized, 20) : free(sized);
    free_aligned_sized_ ? free_aligned_sized_(aligned, 64, 64) : free(aligned);
}

static void usable_size(void) {
    for (size_t bytes = 1; bytes < 5000; bytes = bytes * 3 + 1) {
        void *block = keep(malloc(bytes));
        printf("%zu %zu\n", bytes, malloc_usable_size(block));
        free(block);
    }
}

static void free_keeps_errno(void) {
    void *small = keep(malloc(10)), *large = keep(malloc(64 << 20));
    errno = 77;
    free(small);
    MUST(errno == 77);
    free(large);
    MUST(errno == 77);
}

// What each call leaves in errno, for comparison with a run without seep.
static void errno_after_each(void) {
    volatile size_t huge = (size_t)PTRDIFF_MAX - 4096, half = SIZE_MAX / 2, three = 3;
    void *block = NULL;
    char line[256];
    int used = 0;
#define SHOW(call)                                                                                           \
    do {                                                                                                     \
        errno = 55;                                                                                          \
        keep((void *)(uintptr_t)(call));                                                                     \
        used += snprintf(line + used, sizeof line - (size_t)used, "%d ", errno);                             \
    } while (0)
    SHOW(malloc(10));
    SHOW(malloc(huge));
    SHOW(calloc(half, 3));
    SHOW(calloc(2, 3));
    SHOW(realloc(NULL, huge));
    SHOW(realloc(keep(malloc(10)), 0));
    SHOW(realloc(keep(malloc(10)), huge));
    SHOW(reallocarray(NULL, half, 3));
    SHOW(posix_memalign(&block, three, 8));
    SHOW(posix_memalign(&block, 64, huge));
    SHOW(posix_memalign(&block, 64, 8));
    SHOW(memalign(64, huge));
    SHOW(memalign(64, 8));
    SHOW(aligned_alloc(64, huge));
    SHOW(valloc(huge));
    SHOW(pvalloc(huge));
    SHOW(valloc(1));
    line[used++] = '\n';
    MUST(write(1, line, (size_t)used) == used);
}

static const struct program_case cases[] = {
    CASE(nothing),
    CASE(malloc_one),
    CASE(malloc_zero),
    CASE(malloc_fails),
    CASE(calloc_three),
    CASE(calloc_zero),
    CASE(calloc_overflows),
    CASE(calloc_after_dirty_free),
    CASE(realloc_from_null),
    CASE(realloc_null_to_zero),
    CASE(realloc_grows),
    CASE(realloc_shrinks),
    CASE(realloc_moves),
    CASE(realloc_fails),
    CASE(realloc_fails_then_free),
    CASE(realloc_to_zero),
    CASE(reallocarray_new),
    CASE(reallocarray_grows),
    CASE(reallocarray_overflows),
    CASE(memalign_64),
    CASE(memalign_fails),
    CASE(aligned_alloc_64),
    CASE(posix_memalign_64),
    CASE(posix_memalign_fails),
    CASE(valloc_100),
    CASE(pvalloc_100),
    CASE(free_null),
    CASE(every_aligned_kind_is_freed),
    CASE(old_and_new_frees),
    CASE(usable_size),
    CASE(free_keeps_errno),
    CASE(errno_after_each),
};

int main(int argc, char **argv) {
    named_case(cases, COUNT_OF(cases), argc == 2 ? argv[1] : NULL)->run();
    return 0;
}
