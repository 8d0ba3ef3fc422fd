// See whole_file.h. Called by whoever reads files as text.
#include "analyzer/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST_BYTES = 1 << 14, LEAST_BYTES = 1 << 11, PROC_MOST = 256 << 20 };

int whole_file_read(int fd, size_t most, char **out, size_t *bytes) {
    char *text = NULL;
    size_t used = 0, room = 0;
    ssize_t got;
    do {
        if (room - used < LEAST_BYTES) {
            room = room ? 2 * room : FIRST_BYTES;
            char *larger = realloc(text, room);
            if (!larger) {
                free(text);
                return -ENOMEM;
            }
            text = larger;
        }
        size_t free_bytes = room - used - 1, wanted = most - used;
        got = read(fd, text + used, wanted < free_bytes ? wanted : free_bytes);
        used += got > 0 ? (size_t)got : 0;
    } while ((got > 0 && used < most) || (got < 0 && errno == EINTR));
    if (got < 0) {
        int error = errno;
        free(text);
        return -error;
    }
    text[used] = '\0';
    *out = text;
    *bytes = used;
    return 0;
}

static int read_path(const char *path, size_t most, char **out, size_t *bytes) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return -errno;
    int rc = whole_file_read(fd, most, out, bytes);
    close(fd);
    return rc;
}

int whole_file_get(const char *path, size_t most, char **out, size_t *bytes) {
    char *text;
    size_t got;
    int rc = read_path(path, most + 1, &text, &got);
    if (rc < 0)
        return rc;
    if (got > most) {
        free(text);
        return -EFBIG;
    }
    *out = text;
    *bytes = got;
    return 0;
}

char *whole_file(const char *path) {
    char *text;
    size_t bytes;
    return read_path(path, PROC_MOST, &text, &bytes) < 0 ? NULL : text;
}
