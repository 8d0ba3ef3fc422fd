// A list of lines of text in an arena, as report->gate->reasons and report->remarks are.
#pragma once

#include "analyzer/arena.h"

#include <stddef.h>

struct lines {
    struct arena *arena;
    const char **list;
    size_t count, room;
};

void lines_add(struct lines *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));
