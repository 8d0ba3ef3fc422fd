// A list of distinct remarks. It is short (a few per module), so a linear search will do. Used by all files
// of this folder that open something; never prints.
#include "analyzer/symbols/remarks.h"

#include "analyzer/arena.h"
#include "analyzer/vector.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void remarks_open(struct remarks *remarks) {
    *remarks = (struct remarks){.arena = arena_new()};
}

void remarks_close(struct remarks *remarks) {
    arena_free(remarks->arena);
    free(remarks->texts);
}

void remarks_add(struct remarks *remarks, const char *format, ...) {
    char text[8192]; // longer than any path; what is longer still is cut, which harms nobody
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < remarks->count; i++)
        if (strcmp(remarks->texts[i], text) == 0)
            return;
    *VECTOR_PUSH(remarks->texts, remarks->count, remarks->room) = arena_strdup(remarks->arena, text);
}
