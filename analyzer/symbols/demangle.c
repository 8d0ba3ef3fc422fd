// Demangles through libiberty. Names come from files that may be hostile: a short mangled name can stand for
// gigabytes of text, so the demanglers write through a callback that gives up beyond a limit. Called by
// symbol_table.c and inlines.c.
#include "analyzer/symbols/demangle.h"

#include "analyzer/arena.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_NAME = 1 << 15, LONGEST_RESULT = 1 << 16, LONGEST_D_NAME = 1 << 10 };

struct sink {
    size_t length;
    jmp_buf full;
    char text[LONGEST_RESULT];
};

// The demanglers keep their state on the stack when they write through a callback, so that jumping out leaks
// nothing.
static void append(const char *piece, size_t bytes, void *opaque) {
    struct sink *sink = opaque;
    if (bytes >= LONGEST_RESULT - sink->length)
        longjmp(sink->full, 1);
    memcpy(sink->text + sink->length, piece, bytes);
    sink->length += bytes;
}

static bool demangle_into(struct sink *sink, const char *name) {
    int options = DMGL_PARAMS | DMGL_ANSI;
    sink->length = 0;
    if (setjmp(sink->full))
        return false;
    // Rust's older scheme is valid C++ mangling too, but for its hash: ask the stricter one first.
    if (rust_demangle_callback(name, options, append, sink) && sink->length > 0)
        return true;
    sink->length = 0;
    return cplus_demangle_v3_callback(name, options, append, sink) && sink->length > 0;
}

static const char *demangle_d(struct arena *arena, const char *name) {
    char *text = strlen(name) <= LONGEST_D_NAME ? dlang_demangle(name, DMGL_PARAMS | DMGL_ANSI) : NULL;
    const char *copy = text ? arena_strdup(arena, text) : arena_strdup(arena, name);
    free(text);
    return copy;
}

const char *demangle(struct arena *arena, const char *name) {
    if (strncmp(name, "_D", 2) == 0)
        return demangle_d(arena, name);
    if (strncmp(name, "_Z", 2) != 0 && strncmp(name, "_R", 2) != 0)
        return arena_strdup(arena,
                            name); // spares most names the attempt, and C's from looking like a mangled type
    static struct sink sink;       // too large for a stack, and the analyzer names frames on one thread
    if (strlen(name) > LONGEST_NAME || !demangle_into(&sink, name))
        return arena_strdup(arena, name);
    return arena_strndup(arena, sink.text, sink.length);
}
