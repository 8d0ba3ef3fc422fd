// The descriptors that a process has now, and what each of them is, from /proc/PID. Of a process that stands
// still or runs on; a descriptor that goes away meanwhile is left out.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Words are NULL where there is nothing to say.
struct open_file {
    int fd;
    const char *type;    // "file", "socket", "pipe", "epoll", ...
    const char *target;  // a path; "tcp 127.0.0.1:80 -> 127.0.0.1:5000"; "descriptors 4, 5"
    const char *state;   // of a socket: "CLOSE_WAIT", "LISTEN", ...; of a pipe: "read end"
    const char *detail;  // flags, offset, bytes queued
    const char *subject; // of the target, what may be others' as well: a path, an address that is bound
    const char *local, *remote; // of a connected internet socket: "tcp 127.0.0.1:80", "tcp -> 127.0.0.1:5000"
};

struct open_files {
    struct open_file *all; // ascending by number
    size_t count;
    int64_t limit;       // RLIMIT_NOFILE, soft; -1: not known, INT64_MAX: none
    struct arena *arena; // owns the words
};

// The numbers alone, ascending, to be freed. 0 or -errno: no such process, or it is not ours to look at.
int open_files_list(pid_t pid, int **out, size_t *count);

// 0 and a description to be released, or -errno. Aborts when memory runs out.
int open_files_describe(pid_t pid, struct open_files *out);
void open_files_free(struct open_files *files);

// NULL: it is not open.
const struct open_file *open_files_find(const struct open_files *files, int fd);
