// Memory of the live set. Pools grow by an eighth: what is allocated and not used counts against the bytes
// per live block, and realloc moves large arrays by their page tables, without copying. Called by the live
// set's parts only.
#include "analyzer/live_pool.h"

#include "analyzer/must.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { FIRST_ITEMS = 64, CACHE_LINE_BYTES = 64, HUGE_PAGE_BYTES = 1 << 21, LARGE_BYTES = 1 << 24 };

static _Noreturn void no_room(size_t bytes) {
    out_of_memory("the record of live blocks", bytes);
}

// Advice only: where huge pages are not to be had, small ones do.
static void ask_for_huge_pages(void *start, size_t bytes) {
    madvise(start, bytes / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES, MADV_HUGEPAGE);
}

// Reserves addresses for bytes, a multiple of the huge page size, that start where a huge page may.
static char *reserve_aligned(size_t bytes) {
    size_t reserved = bytes + HUGE_PAGE_BYTES;
    char *start = mmap(NULL, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED)
        no_room(bytes);
    size_t before = (HUGE_PAGE_BYTES - (uintptr_t)start % HUGE_PAGE_BYTES) % HUGE_PAGE_BYTES;
    if (before)
        munmap(start, before);
    munmap(start + before + bytes, HUGE_PAGE_BYTES - before);
    return start + before;
}

// Both sizes are multiples of the huge page size, or old_bytes is below LARGE_BYTES and items came from
// realloc.
static char *resize_large(char *items, size_t old_bytes, size_t bytes) {
    char *place = reserve_aligned(bytes), *moved;
    if (old_bytes >= LARGE_BYTES) {
        moved = mremap(items, old_bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, place);
    } else {
        moved = mmap(place, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        if (moved != MAP_FAILED && items)
            memcpy(moved, items, old_bytes);
        free(items);
    }
    if (moved == MAP_FAILED)
        no_room(bytes);
    ask_for_huge_pages(moved, bytes);
    return moved;
}

static void resize(struct live_pool *pool, size_t capacity) {
    size_t most = (size_t)UINT32_MAX / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES; // numbers are 32 bits
    size_t bytes = (capacity < most ? capacity : most) * pool->item_bytes;
    if (bytes >= LARGE_BYTES) {
        bytes = bytes / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
        pool->items = resize_large(pool->items, live_pool_memory(pool), bytes);
    } else {
        pool->items = realloc(pool->items, bytes);
        if (!pool->items)
            no_room(bytes);
    }
    pool->capacity = (uint32_t)(bytes / pool->item_bytes);
    if (pool->capacity <= pool->used)
        no_room(bytes);
}

void live_pool_open(struct live_pool *pool, uint32_t item_bytes, size_t expected) {
    *pool = (struct live_pool){.item_bytes = item_bytes, .used = 1};
    resize(pool, expected < FIRST_ITEMS ? FIRST_ITEMS : expected + 1);
}

void live_pool_close(struct live_pool *pool) {
    if (live_pool_memory(pool) >= LARGE_BYTES)
        munmap(pool->items, live_pool_memory(pool));
    else
        free(pool->items);
}

void live_pool_grow(struct live_pool *pool) {
    resize(pool, (size_t)pool->capacity + pool->capacity / 8 + FIRST_ITEMS);
}

void *live_zeroed_lines(size_t count, size_t item_bytes) {
    size_t bytes = count * item_bytes;
    size_t alignment = bytes >= 2 * HUGE_PAGE_BYTES ? HUGE_PAGE_BYTES : CACHE_LINE_BYTES;
    if (count > SIZE_MAX / 2 / item_bytes)
        no_room(SIZE_MAX);
    bytes = (bytes + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    void *lines = NULL;
    if (posix_memalign(&lines, alignment, bytes) != 0)
        no_room(bytes);
    // Large tables are read at random: with small pages each read would also miss the TLB. Advice only, it
    // may be refused.
    if (alignment == HUGE_PAGE_BYTES)
        ask_for_huge_pages(lines, bytes);
    memset(lines, 0, bytes);
    return lines;
}
