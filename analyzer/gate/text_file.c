// See text_file.h. Called by the readers of baselines and suppressions.
#include "analyzer/gate/text_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int text_lines_begin(struct text_lines *lines, const char *text, size_t bytes, const char *path,
                     char *message, size_t message_bytes) {
    *lines = (struct text_lines){.path = path, .message = message, .message_bytes = message_bytes};
    lines->text = malloc(bytes + 1);
    if (!lines->text) {
        snprintf(message, message_bytes, "no memory left to read '%s'", path);
        return -ENOMEM;
    }
    memcpy(lines->text, text, bytes);
    lines->text[bytes] = '\0';
    lines->next = bytes ? lines->text : NULL;
    const char *nul = memchr(lines->text, '\0', bytes);
    if (!nul)
        return 0;
    lines->number = 1;
    for (const char *at = lines->text; at < nul; at++)
        lines->number += *at == '\n';
    return text_fail(lines, "a NUL byte stands there: this is no text file");
}

char *text_lines_next(struct text_lines *lines) {
    char *line = lines->next;
    if (!line || !*line)
        return NULL;
    lines->number++;
    char *end = strchr(line, '\n');
    lines->next = end ? end + 1 : NULL;
    if (!end)
        end = line + strlen(line);
    *end = '\0';
    if (end > line && end[-1] == '\r')
        end[-1] = '\0';
    return line;
}

void text_lines_end(struct text_lines *lines) {
    free(lines->text);
    lines->text = lines->next = NULL;
}

int text_fail(struct text_lines *lines, const char *format, ...) {
    int at = snprintf(lines->message, lines->message_bytes, "%s:%zu: ", lines->path, lines->number);
    if (at >= 0 && (size_t)at < lines->message_bytes) {
        va_list list;
        va_start(list, format);
        vsnprintf(lines->message + at, lines->message_bytes - (size_t)at, format, list);
        va_end(list);
    }
    return -EINVAL;
}
