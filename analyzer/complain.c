// The one place that prints errors; see complain.h. Called by main.c and the commands.
#include "analyzer/complain.h"

#include "analyzer/commands.h"
#include "analyzer/report/escape.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int complain(const char *format, ...) {
    char *text = NULL, *line = NULL;
    size_t bytes;
    va_list list;
    va_start(list, format);
    int length = vasprintf(&text, format, list);
    va_end(list);
    FILE *out = open_memstream(&line, &bytes);
    if (out) {
        fputs("seep: ", out);
        escape_print(out, length < 0 ? format : text);
        fputc('\n', out);
        if (fclose(out) == 0)
            fputs(line, stderr); // one write: the line of another process does not land in its middle
        free(line);
    }
    if (length >= 0)
        free(text);
    return STATUS_FAILED;
}
