// Writing a finished text to where it belongs, all of it or nothing.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// path may be
//   a file, existing or not: a new one in the same directory takes its place once it is complete, with the
//   old one's
//     permissions; on failure the old one stays as it was. A symbolic link is followed.
//   /dev/stdout, /dev/stderr, /dev/fd/N: that descriptor, where it stands;
//   another special file (terminal, pipe, /dev/null): opened and written.
// Waits for slow readers, also on descriptors that do not block. 0 or -errno.
int outfile_write(const char *path, const char *data, size_t bytes);

// Would outfile_write have a place to write to? 0 or -errno: -ENOENT and -ENOTDIR speak of the directory.
int outfile_check(const char *path);

// Would it be written to a terminal?
bool outfile_is_terminal(const char *path);
