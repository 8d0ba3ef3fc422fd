// What is asked of names and paths everywhere.
#pragma once

#include <stdbool.h>
#include <string.h>

// What follows the last slash; all of a path without one.
static inline const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static inline bool begins(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}
