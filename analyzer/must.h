// Memory that the analyzer cannot go on without: half a record would be a report that is wrong. Where it is
// not to be had, one line says so and the analyzer aborts; the program that it watched runs on.
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

// For what asks for sizes of its own: wanted_by says what for, in the message.
static inline _Noreturn void out_of_memory(const char *wanted_by, size_t bytes) {
    fprintf(stderr, "seep: out of memory: %s needs %zu bytes more\n", wanted_by, bytes);
    abort();
}

// What calloc, realloc, strdup and their like gave, passed on: never NULL. As with those, whoever gets it
// frees it.
static inline void *must(void *memory) {
    if (memory)
        return memory;
    fputs("seep: out of memory\n", stderr);
    abort();
}
