// See json_pool.h. Pieces are cut from an arena behind a word that says their class; what is released waits
// in its class's list. Called by json_read.c.
#include "analyzer/report/json_pool.h"

#include "analyzer/arena.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum {
    STEP = 8, // of sizes, and the alignment: nothing in jansson needs more
    LARGEST_STEPPED = 512,
    STEPPED = LARGEST_STEPPED / STEP + 1, // classes; those above are powers of two
    CLASSES = STEPPED + 64,
    CHUNK_BYTES = 1 << 16,
};

struct piece {
    uint64_t class;
    union {
        struct piece *next; // of those released
        unsigned char data[STEP];
    };
};

struct json_pool_state {
    struct arena *arena;
    unsigned char *chunk; // what is left of the latest one
    size_t left;
    struct piece *released[CLASSES];
};

static struct json_pool_state *current; // jansson's functions are told nothing of whom they work for

static size_t class_of(size_t bytes) {
    if (bytes <= LARGEST_STEPPED)
        return bytes ? (bytes + STEP - 1) / STEP : 1;
    return STEPPED + 64 - (size_t)__builtin_clzl(bytes - 1);
}

static size_t bytes_of(size_t class) {
    return class < STEPPED ? class * STEP : (size_t)1 << (class - STEPPED);
}

static struct piece *cut(struct json_pool_state *pool, size_t bytes) {
    if (bytes > CHUNK_BYTES / 4)
        return arena_alloc(pool->arena, bytes);
    if (bytes > pool->left) {
        pool->chunk = arena_alloc(pool->arena, CHUNK_BYTES);
        pool->left = CHUNK_BYTES;
    }
    struct piece *piece = (struct piece *)pool->chunk;
    pool->chunk += bytes;
    pool->left -= bytes;
    return piece;
}

static void *allocate(size_t bytes) {
    if (bytes > SIZE_MAX / 4)
        return NULL;
    size_t class = class_of(bytes);
    struct piece *piece = current->released[class];
    if (piece) {
        current->released[class] = piece->next;
    } else {
        piece = cut(current, offsetof(struct piece, data) + bytes_of(class));
        piece->class = class;
    }
    return piece->data;
}

static void release(void *data) {
    if (!data)
        return;
    struct piece *piece = (struct piece *)((unsigned char *)data - offsetof(struct piece, data));
    piece->next = current->released[piece->class];
    current->released[piece->class] = piece;
}

void json_pool_begin(struct json_pool *pool) {
    struct arena *arena = arena_new();
    current = arena_alloc(arena, sizeof *current);
    current->arena = arena;
    pool->state = current;
    json_get_alloc_funcs(&pool->old_allocate, &pool->old_release);
    json_set_alloc_funcs(allocate, release);
}

void json_pool_end(struct json_pool *pool) {
    json_set_alloc_funcs(pool->old_allocate, pool->old_release);
    current = NULL;
    arena_free(pool->state->arena);
}
