// Memory of the live set. Pools grow by an eighth: what is allocated and not used counts against the bytes
// per live block, and realloc moves large arrays by their page tables, without copying. Called by the live
// set's parts only.
#include "analyzer/live_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { FIRST_ITEMS = 64, CACHE_LINE_BYTES = 64, HUGE_PAGE_BYTES = 1 << 21 };

static _Noreturn void out_of_memory(size_t bytes) {
    fprintf(stderr, "seep: out of memory: the record of live blocks needs %zu bytes\n", bytes);
    abort();
}

static void resize(struct live_pool *pool, size_t capacity) {
    if (capacity > UINT32_MAX)
        capacity = UINT32_MAX;
    size_t bytes = capacity * pool->item_bytes;
    char *items = capacity > pool->used ? realloc(pool->items, bytes) : NULL;
    if (!items)
        out_of_memory(bytes);
    pool->items = items;
    pool->capacity = (uint32_t)capacity;
}

void live_pool_open(struct live_pool *pool, uint32_t item_bytes, size_t expected) {
    *pool = (struct live_pool){.item_bytes = item_bytes, .used = 1};
    resize(pool, expected < FIRST_ITEMS ? FIRST_ITEMS : expected + 1);
}

void live_pool_close(struct live_pool *pool) {
    free(pool->items);
}

void live_pool_grow(struct live_pool *pool) {
    resize(pool, (size_t)pool->capacity + pool->capacity / 8 + FIRST_ITEMS);
}

void *live_zeroed_lines(size_t count, size_t item_bytes) {
    size_t bytes = count * item_bytes;
    size_t alignment = bytes >= 2 * HUGE_PAGE_BYTES ? HUGE_PAGE_BYTES : CACHE_LINE_BYTES;
    if (count > SIZE_MAX / 2 / item_bytes)
        out_of_memory(SIZE_MAX);
    bytes = (bytes + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    void *lines = NULL;
    if (posix_memalign(&lines, alignment, bytes) != 0)
        out_of_memory(bytes);
    // Large tables are read at random: with small pages each read would also miss the TLB. Advice only, it
    // may be refused.
    if (alignment == HUGE_PAGE_BYTES)
        madvise(lines, bytes / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES, MADV_HUGEPAGE);
    memset(lines, 0, bytes);
    return lines;
}
