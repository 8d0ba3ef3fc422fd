// What a process's memory is charged to: the control group that limits it, version 1 or 2. Told apart is what
// can only be freed by the program (anonymous) from what the kernel drops before it kills (page cache).
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Where a process's group is. Stays good after the process has gone, as long as the group is there.
struct cgroup_place {
    int version;        // 1 or 2; 0: none is known
    char *directory;    // of the group's files
    size_t mount_bytes; // of directory: where the hierarchy is mounted; the rest is the group's path
};

// Figures that are not known are -1.
struct cgroup_memory {
    int version;           // 1 or 2
    char *path;            // of the group that is described, below the hierarchy's mount: "/" is all there is
    int64_t current_bytes; // charged to it and the groups below it
    int64_t limit_bytes;   // -1: it has none
    int64_t peak_bytes;    // highest current_bytes ever
    int64_t anonymous_bytes;  // heap, stacks, private mappings
    int64_t page_cache_bytes; // of files; without tmpfs and shared memory
    int64_t shared_bytes;     // tmpfs, shared memory
    int64_t kernel_bytes;     // the kernel's own, on behalf of its processes
    int64_t swap_bytes;
    int64_t oom_kills; // processes that the kernel killed because it was full
};

// Finds the group that a process is in. root is "" (the system) or the top of a copy of its files (for
// tests). 0; -ENOENT if it is in none that can be seen from here; or what reading /proc says. *out is to be
// freed with cgroup_place_free in any case.
int cgroup_find(struct cgroup_place *out, const char *root, pid_t pid);
void cgroup_place_free(struct cgroup_place *place);

// Reads the figures of the group at place, or of that group above it which is nearest to its limit: it is the
// one whose limit will kill. 0, or -errno if not even what is charged can be read; *out is to be freed with
// cgroup_free in any case.
int cgroup_read(struct cgroup_memory *out, const struct cgroup_place *place);
void cgroup_free(struct cgroup_memory *memory);
