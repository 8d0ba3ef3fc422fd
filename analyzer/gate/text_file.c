// See text_file.h. Called by the readers of baselines and suppressions.
#include "analyzer/gate/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_BYTES = 64 << 20 };

int text_file_read(const char *path, char **out, size_t *out_bytes) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return -errno;
    char *data = NULL;
    size_t used = 0, room = 0;
    int rc = 0;
    for (;;) {
        if (room - used < 2) {
            room = room ? 2 * room : 1 << 14;
            char *larger = used < MOST_BYTES ? realloc(data, room) : NULL;
            if (!larger) {
                rc = used < MOST_BYTES ? -ENOMEM : -EFBIG;
                break;
            }
            data = larger;
        }
        ssize_t got = read(fd, data + used, room - used - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            rc = got < 0 ? -errno : 0;
            break;
        }
        used += (size_t)got;
    }
    close(fd);
    if (rc < 0) {
        free(data);
        return rc;
    }
    data[used] = '\0';
    *out = data;
    *out_bytes = used;
    return 0;
}

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
