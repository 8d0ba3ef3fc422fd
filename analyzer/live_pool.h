// A growing array of equal items that are taken and given back by number, for the live set's blocks and
// nodes.
//
// Numbers start at 1, so that 0 can mean none. An item that was given back is the first to be taken again: it
// is warm in the cache. Items move when the pool grows: no pointer into it survives live_pool_take. Aborts
// when memory runs out.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct live_pool {
    char *items;
    uint32_t item_bytes; // a power of two, at least 4: an item that was given back holds the number of the
                         // one before it
    uint32_t used;       // numbers [1, used) have been taken at some time
    uint32_t capacity;   // numbers [1, capacity) have memory
    uint32_t given_back; // the last item given back, 0 for none
};

void live_pool_open(struct live_pool *pool, uint32_t item_bytes, size_t expected);
void live_pool_close(struct live_pool *pool);
void live_pool_grow(struct live_pool *pool);

static inline void *live_pool_at(const struct live_pool *pool, uint32_t number) {
    return pool->items + (size_t)number * pool->item_bytes;
}

// What the item holds is not defined.
static inline uint32_t live_pool_take(struct live_pool *pool) {
    uint32_t number = pool->given_back;
    if (number) {
        memcpy(&pool->given_back, live_pool_at(pool, number), sizeof number);
        return number;
    }
    if (pool->used >= pool->capacity)
        live_pool_grow(pool);
    return pool->used++;
}

// Overwrites the first four bytes of the item.
static inline void live_pool_give_back(struct live_pool *pool, uint32_t number) {
    memcpy(live_pool_at(pool, number), &pool->given_back, sizeof number);
    pool->given_back = number;
}

static inline size_t live_pool_memory(const struct live_pool *pool) {
    return (size_t)pool->capacity * pool->item_bytes;
}

// For the live set's other parts: count zeroed items of item_bytes, aligned to a cache line; aborts when
// there are none to be had.
void *live_zeroed_lines(size_t count, size_t item_bytes);
