// A part of a program that brings an allocator along, and maps memory for itself as well.
#define _GNU_SOURCE
#include "tests/programs/libs/serves_and_keeps.h"
#include "tests/programs/keep.h"

#include <stdint.h>
#include <sys/mman.h>

enum { HEAP_BYTES = 8 << 20, HEAD_BYTES = 16 };

static char *heap, *next;

static void *map(size_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(memory != MAP_FAILED);
    return memory;
}

void *malloc(size_t bytes) {
    if (!heap)
        heap = next = map(HEAP_BYTES);
    size_t whole = HEAD_BYTES + (bytes + 15) / 16 * 16;
    MUST(whole <= (size_t)(heap + HEAP_BYTES - next));
    char *block = next + HEAD_BYTES;
    memcpy(next, &bytes, sizeof bytes);
    next += whole;
    return block;
}

void free(void *block) {
    (void)block;
}

void *calloc(size_t count, size_t bytes) {
    return malloc(count * bytes); // what is mapped is zeroed, and nothing is handed out twice
}

void *realloc(void *block, size_t bytes) {
    size_t before = 0;
    if (block)
        memcpy(&before, (char *)block - HEAD_BYTES, sizeof before);
    void *fresh = malloc(bytes);
    return before ? memcpy(fresh, block, before < bytes ? before : bytes) : fresh;
}

void keep_in_own_mapping(void *block) {
    void **memory = map(64 << 10);
    memory[1000] = block;
}

void keep_in_freed_memory(void *block) {
    void **memory = malloc(4096);
    memory[100] = block;
    free(memory);
}
