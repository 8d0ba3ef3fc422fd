// An allocator that may be called from signal handlers: no lock, every step one atomic operation. 2,048 slots
// of 256 bytes, reused at once; what is larger or finds no slot comes from a region that is never reused.
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 2048, SLOT_BYTES = 256, REGION_BYTES = 256 << 20 };

static char slots[SLOTS][SLOT_BYTES] __attribute__((aligned(256)));
static char region[REGION_BYTES] __attribute__((aligned(4096)));
static uint8_t taken[SLOTS];
static unsigned hint;
static size_t region_used;

static int in_slots(const void *block) {
    return (uintptr_t)block - (uintptr_t)slots < sizeof slots;
}

static void *from_region(size_t alignment, size_t bytes) {
    size_t room = bytes + alignment + 16;
    size_t at = __atomic_fetch_add(&region_used, room, __ATOMIC_RELAXED);
    if (bytes > REGION_BYTES || at + room > REGION_BYTES) {
        errno = ENOMEM;
        return NULL;
    }
    uintptr_t block = ((uintptr_t)region + at + 16 + alignment - 1) & ~(alignment - 1);
    ((size_t *)block)[-1] = bytes;
    return (void *)block;
}

void *malloc(size_t bytes) {
    if (bytes > SLOT_BYTES)
        return from_region(16, bytes);
    unsigned start = __atomic_load_n(&hint, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < SLOTS; i++) {
        unsigned slot = (start + i) % SLOTS;
        if (!__atomic_exchange_n(&taken[slot], 1, __ATOMIC_ACQUIRE))
            return slots[slot];
    }
    return from_region(16, bytes);
}

void free(void *block) {
    if (!in_slots(block))
        return;
    unsigned slot = (unsigned)(((char(*)[SLOT_BYTES])block) - slots);
    __atomic_store_n(&hint, slot, __ATOMIC_RELAXED);
    __atomic_store_n(&taken[slot], 0, __ATOMIC_RELEASE);
}

size_t malloc_usable_size(void *block) {
    return !block ? 0 : in_slots(block) ? SLOT_BYTES : ((size_t *)block)[-1];
}

void *calloc(size_t count, size_t bytes) {
    size_t all;
    if (__builtin_mul_overflow(count, bytes, &all)) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = malloc(all);
    return block ? memset(block, 0, all) : NULL;
}

void *realloc(void *old, size_t bytes) {
    void *block = malloc(bytes);
    if (block && old) {
        size_t had = malloc_usable_size(old);
        memcpy(block, old, had < bytes ? had : bytes);
        free(old);
    }
    return block;
}

void *memalign(size_t alignment, size_t bytes) {
    return from_region(alignment < 16 ? 16 : alignment, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) {
    return memalign(alignment, bytes);
}

int posix_memalign(void **out, size_t alignment, size_t bytes) {
    *out = memalign(alignment, bytes);
    return *out ? 0 : ENOMEM;
}
