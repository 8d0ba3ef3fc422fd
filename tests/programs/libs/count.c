// The heap calls of a program, counted at the last moment before libc. See count.h.
// Counts as the contract counts: a failed call is nothing, realloc frees and allocates, a NULL is not freed.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *old, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);
extern void *__libc_valloc(size_t bytes);
extern void *__libc_pvalloc(size_t bytes);
extern void __libc_free(void *block);
void count_from_here(int argc, char **argv, char **environment); // not by count.h: that is for programs
void *pvalloc(size_t bytes);
void *memalign(size_t alignment, size_t bytes);

static unsigned long long allocations, frees, allocated_bytes;

static void add(unsigned long long *counter, unsigned long long amount) {
    __atomic_fetch_add(counter, amount, __ATOMIC_RELAXED);
}

static void *took(void *block, size_t bytes) {
    if (block) {
        add(&allocations, 1);
        add(&allocated_bytes, bytes);
    }
    return block;
}

void *malloc(size_t bytes) {
    return took(__libc_malloc(bytes), bytes);
}

void *calloc(size_t count, size_t bytes) {
    return took(__libc_calloc(count, bytes), count * bytes);
}

void *realloc(void *old, size_t bytes) {
    void *block = __libc_realloc(old, bytes);
    if (old && (block || bytes == 0))
        add(&frees, 1);
    return took(block, bytes);
}

void *reallocarray(void *old, size_t count, size_t bytes) {
    size_t product;
    if (__builtin_mul_overflow(count, bytes, &product)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(old, product);
}

void *memalign(size_t alignment, size_t bytes) {
    return took(__libc_memalign(alignment, bytes), bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) {
    return took(__libc_memalign(alignment, bytes), bytes);
}

int posix_memalign(void **out, size_t alignment, size_t bytes) {
    if (alignment % sizeof(void *) || alignment & (alignment - 1) || !alignment)
        return EINVAL;
    void *block = took(__libc_memalign(alignment, bytes), bytes);
    if (!block)
        return ENOMEM;
    *out = block;
    return 0;
}

void *valloc(size_t bytes) {
    return took(__libc_valloc(bytes), bytes);
}

void *pvalloc(size_t bytes) {
    return took(__libc_pvalloc(bytes), bytes);
}

void free(void *block) {
    if (block)
        add(&frees, 1);
    __libc_free(block);
}

static void print_counts(int status, void *unused) {
    (void)status, (void)unused;
    char line[128];
    int length =
        snprintf(line, sizeof line, "counted: %llu %llu %llu\n", allocations, frees, allocated_bytes);
    if (write(STDERR_FILENO, line, (size_t)length) != length)
        _exit(98);
}

void count_from_here(int argc, char **argv, char **environment) {
    (void)argc, (void)argv, (void)environment;
    allocations = frees = allocated_bytes = 0;
    on_exit(print_counts, NULL); // registered first, so it runs last
}
