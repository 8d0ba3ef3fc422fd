// What the user should know about missing or unreadable symbols, each said once.
#pragma once

#include <stddef.h>

struct arena;

struct remarks {
    struct arena *arena; // owns the texts
    const char **texts;  // count of them, in the order they were first made
    size_t count, room;
};

void remarks_open(struct remarks *remarks);
void remarks_close(struct remarks *remarks);

// Adds a line of text without a newline, unless the same one is there already.
void remarks_add(struct remarks *remarks, const char *format, ...) __attribute__((format(printf, 2, 3)));
