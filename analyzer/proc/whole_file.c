// See whole_file.h. Called by net_tables.c and describe.c.
#include "analyzer/proc/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST_BYTES = 4096, MOST_BYTES = 256 << 20 };

char *whole_file(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    char *text = NULL;
    size_t used = 0, room = 0;
    ssize_t got;
    do {
        if (room - used < FIRST_BYTES / 2) {
            room = room ? 2 * room : FIRST_BYTES;
            char *fresh = realloc(text, room);
            if (!fresh) {
                free(text);
                text = NULL;
                break;
            }
            text = fresh;
        }
        got = read(fd, text + used, room - used - 1);
        used += got > 0 ? (size_t)got : 0;
    } while ((got > 0 && used < MOST_BYTES) || (got < 0 && errno == EINTR));
    close(fd);
    if (text)
        text[used] = '\0';
    return text;
}
