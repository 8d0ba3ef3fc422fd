// The one place that prints errors; see complain.h. Called by main.c and the commands.
#include "analyzer/complain.h"

#include "analyzer/commands.h"
#include "analyzer/report/escape.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int complain(const char *format, ...) {
    char *line = NULL;
    va_list list;
    va_start(list, format);
    int length = vasprintf(&line, format, list);
    va_end(list);
    fputs("seep: ", stderr);
    escape_print(stderr, length < 0 ? format : line);
    fputc('\n', stderr);
    if (length >= 0)
        free(line);
    return STATUS_FAILED;
}
