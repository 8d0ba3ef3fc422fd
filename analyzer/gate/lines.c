// See lines.h.
#include "analyzer/gate/lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lines_add(struct lines *lines, const char *format, ...) {
    if (lines->count == lines->room) {
        size_t room = lines->room ? 2 * lines->room : 8;
        const char **larger = arena_array(lines->arena, const char *, room);
        if (lines->count)
            memcpy(larger, lines->list, lines->count * sizeof *larger);
        lines->list = larger;
        lines->room = room;
    }
    char *text = NULL;
    va_list list;
    va_start(list, format);
    int length = vasprintf(&text, format, list);
    va_end(list);
    lines->list[lines->count++] = length < 0 ? format : arena_strdup(lines->arena, text);
    if (length >= 0)
        free(text);
}
