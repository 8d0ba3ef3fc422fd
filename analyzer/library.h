// Where libseep.so is: the library that `seep run` preloads and `seep doctor` reports.
#pragma once

#include <stddef.h>

// Finds it for this process: SEEP_LIB if set (the library, or its folder), else beside the executable of seep
// itself, else in ../lib/seep from there. On success 0 and an absolute path in path, which exists, is a
// regular file and is readable. Not found: -ENOENT, too long: -ENAMETOOLONG, and a line in message (what, on
// what, what to do; no newline).
int library_find(char *path, size_t bytes, char *message, size_t message_bytes);

// The same search for a seep whose executable is at this path; does not look at SEEP_LIB.
int library_find_beside(const char *executable, char *path, size_t bytes, char *message,
                        size_t message_bytes);
