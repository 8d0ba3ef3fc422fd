// A file as one text.
#pragma once

#include <stddef.h>

// Reads a descriptor to its end, or `most` bytes of it, whatever kind of file it is. 0, the text in *out, to
// be freed, NUL-terminated, and its length; or -errno.
int whole_file_read(int fd, size_t most, char **out, size_t *bytes);

// All of the file at a path, as above. -EFBIG if it is larger than that.
int whole_file_get(const char *path, size_t most, char **out, size_t *bytes);

// Of a file of /proc, or the like: NULL if it can't be read. Files of more than 256 MiB are cut there.
char *whole_file(const char *path);
