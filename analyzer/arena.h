// Memory that is released all at once: a report's strings and arrays. Nothing in it is freed alone.
// These functions abort with a message when memory runs out: the analyzer cannot report without it.
#pragma once

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena);

// Zeroed, aligned for any type, never NULL. bytes may be 0.
void *arena_alloc(struct arena *arena, size_t bytes);
// A NUL-terminated copy; NULL for NULL.
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t bytes);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define arena_array(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (size_t)(count)))
