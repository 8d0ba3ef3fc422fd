// Hands out pieces of ever larger chunks, and frees the chunks at the end. A request too large for a chunk
// gets one of its own, linked behind the current one, so that the room left in the current chunk is not lost.
// Must not be used by two threads at once, and never moves what it gave out. Used by everything that builds a
// report.
#include "analyzer/arena.h"

#include "analyzer/must.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CHUNK_BYTES = 4096, LARGEST_CHUNK_BYTES = 1 << 20 };

#define ARENA_ALIGNMENT _Alignof(max_align_t)

struct chunk {
    struct chunk *next; // older, or oversized: only ever walked to be freed
    _Alignas(max_align_t) unsigned char data[];
};

struct arena {
    struct chunk *chunks;   // the first is the one being filled, if room > 0
    size_t used_bytes;      // of the first chunk's data
    size_t room_bytes;      // of the first chunk's data: used_bytes + what is left
    size_t next_room_bytes; // size of the next ordinary chunk
};

struct arena *arena_new(void) {
    struct arena *arena = must(calloc(1, sizeof *arena));
    arena->next_room_bytes = FIRST_CHUNK_BYTES;
    return arena;
}

void arena_free(struct arena *arena) {
    if (!arena)
        return;
    for (struct chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    free(arena);
}

// calloc, because the contract promises zeroes and fresh pages are zero already.
static struct chunk *chunk_new(size_t room_bytes) {
    struct chunk *chunk = NULL;
    if (room_bytes <= SIZE_MAX - sizeof *chunk)
        chunk = calloc(1, sizeof *chunk + room_bytes);
    if (!chunk)
        out_of_memory("a report", room_bytes);
    return chunk;
}

static void *alloc_oversized(struct arena *arena, size_t bytes) {
    struct chunk *chunk = chunk_new(bytes);
    if (arena->chunks) {
        chunk->next = arena->chunks->next;
        arena->chunks->next = chunk;
    } else {
        arena->chunks = chunk; // room stays 0: the next request opens an ordinary chunk in front of it
    }
    return chunk->data;
}

static void open_chunk(struct arena *arena) {
    struct chunk *chunk = chunk_new(arena->next_room_bytes);
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->used_bytes = 0;
    arena->room_bytes = arena->next_room_bytes;
    if (arena->next_room_bytes < LARGEST_CHUNK_BYTES)
        arena->next_room_bytes *= 2;
}

void *arena_alloc(struct arena *arena, size_t bytes) {
    if (bytes > SIZE_MAX - ARENA_ALIGNMENT)
        out_of_memory("a report", bytes);
    // An empty request takes room as well, so that each result is an address of its own.
    size_t taken = (bytes + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
    if (taken == 0)
        taken = ARENA_ALIGNMENT;
    if (taken > arena->room_bytes - arena->used_bytes) {
        if (taken > arena->next_room_bytes / 4)
            return alloc_oversized(arena, taken);
        open_chunk(arena);
    }
    void *result = arena->chunks->data + arena->used_bytes;
    arena->used_bytes += taken;
    return result;
}

char *arena_strndup(struct arena *arena, const char *text, size_t bytes) {
    if (!text)
        return NULL;
    size_t length = strnlen(text, bytes);
    char *copy = arena_alloc(arena, length + 1);
    memcpy(copy, text, length);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text) {
    return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

char *arena_printf(struct arena *arena, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) { // only an unprintable wide character or a text beyond INT_MAX can do this
        va_end(again);
        return arena_strdup(arena, "");
    }
    char *text = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}
