// See look.h. Called by process.c at a process's end, and while it runs for the case that it is killed.
#include "analyzer/memory/look.h"
#include "analyzer/memory/arenas.h"
#include "analyzer/vector.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

// "VmHWM:     1234 kB" of /proc/PID/status, in bytes; -1 if there is no such line.
static int64_t status_bytes(pid_t pid, const char *name) {
    char path[64], line[256];
    int64_t bytes = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *in = fopen(path, "re");
    while (in && bytes < 0 && fgets(line, sizeof line, in))
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            bytes = 1024 * strtoll(line + strlen(name) + 1, NULL, 10);
    if (in)
        fclose(in);
    return bytes;
}

static int compare_words(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

// Where the threads' stacks are, as far as they wait in the kernel; which threads of a process that stands at
// its end do, but for those that compute on.
static uint64_t *read_stack_pointers(pid_t pid, size_t *count) {
    char path[PATH_MAX], line[256];
    uint64_t *list = NULL;
    size_t room = 0;
    *count = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    for (struct dirent *task; tasks && (task = readdir(tasks));) {
        if (task->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.16s/syscall", (int)pid, task->d_name);
        FILE *in = fopen(path, "re");
        // "NUMBER ARGUMENTS... SP PC", or "running"
        char *last = in && fgets(line, sizeof line, in) ? strrchr(line, ' ') : NULL;
        if (last) {
            *last = '\0';
            char *before = strrchr(line, ' ');
            if (before)
                *VECTOR_PUSH(list, *count, room) = strtoull(before + 1, NULL, 16);
        }
        if (in)
            fclose(in);
    }
    if (tasks)
        closedir(tasks);
    if (*count)
        qsort(list, *count, sizeof *list, compare_words);
    return list;
}

// The file systems in memory that the process has files of mapped. Only those without a device can be.
static uint64_t *read_memory_devices(pid_t pid, const struct smaps *smaps, size_t *count) {
    uint64_t *list = NULL, asked = 0;
    size_t room = 0;
    *count = 0;
    for (size_t i = 0; i < smaps->count; i++) {
        const struct smaps_area *area = &smaps->areas[i];
        uint64_t device = pieces_device(area->device_major, area->device_minor);
        char path[PATH_MAX + 32];
        struct statfs info;
        if (!area->inode || area->device_major != 0 || area->path[0] != '/' || device == asked)
            continue;
        asked = device; // neighbours are often of one device; asking again does no harm
        snprintf(path, sizeof path, "/proc/%d/root%s", (int)pid, area->path);
        if (statfs(path, &info) == 0 && (info.f_type == TMPFS_MAGIC || info.f_type == HUGETLBFS_MAGIC))
            *VECTOR_PUSH(list, *count, room) = device;
    }
    return list;
}

static int compare_regions(const void *left, const void *right) {
    const struct memory_region *a = left, *b = right;
    return a->start < b->start ? -1 : a->start > b->start;
}

// Sorts, and takes from each what the one below it covers. Returns how many are left.
static size_t order_regions(struct memory_region *regions, size_t count) {
    size_t kept = 0;
    uint64_t covered = 0;
    if (count)
        qsort(regions, count, sizeof *regions, compare_regions);
    for (size_t i = 0; i < count; i++) {
        struct memory_region region = regions[i];
        if (region.start < covered)
            region.start = covered;
        if (region.start >= region.end)
            continue;
        covered = region.end;
        regions[kept++] = region;
    }
    return kept;
}

static void add_up(struct look *look) {
    for (size_t i = 0; i < look->smaps.count; i++) {
        const struct smaps_area *area = &look->smaps.areas[i];
        look->rss_bytes += area->rss_bytes;
        look->pss_bytes += area->pss_bytes;
        look->swap_bytes += area->swap_bytes;
        look->hugetlb_bytes += area->hugetlb_bytes;
    }
}

// The rest can be read after the smaps: it changes little, and the smaps are what all must add up to.
static void divide(struct look *look, pid_t pid, const struct memory_region *regions, size_t region_count) {
    char path[64];
    struct memory_region *all = NULL;
    size_t count = 0, room = 0;
    for (size_t i = 0; i < region_count; i++)
        *VECTOR_PUSH(all, count, room) = regions[i];
    arenas_find(pid, &look->smaps, &all, &count, &room, &look->arenas);
    struct pieces_hints hints = {.regions = all, .region_count = order_regions(all, count), .pagemap_fd = -1};
    uint64_t *stacks = read_stack_pointers(pid, &hints.stack_count);
    uint64_t *devices = read_memory_devices(pid, &look->smaps, &hints.device_count);
    hints.stack_pointers = stacks;
    hints.memory_devices = devices;
    snprintf(path, sizeof path, "/proc/%d/pagemap", (int)pid);
    if (sysconf(_SC_PAGESIZE) == PAGES_BYTES)
        hints.pagemap_fd = open(path, O_RDONLY | O_CLOEXEC);
    look->pages_known = hints.pagemap_fd >= 0;
    pieces_cut(&look->pieces, &look->smaps, &hints);
    if (hints.pagemap_fd >= 0)
        close(hints.pagemap_fd);
    free(stacks);
    free(devices);
    free(all);
}

int look_take(struct look *out, pid_t pid, const struct memory_region *regions, size_t region_count) {
    struct timespec now;
    *out = (struct look){0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    int bad = smaps_read(&out->smaps, pid);
    if (bad)
        return bad;
    out->taken_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    add_up(out);
    out->peak_rss_bytes = status_bytes(pid, "VmHWM");
    divide(out, pid, regions, region_count);
    if (cgroup_find(&out->cgroup_place, "", pid) == 0)
        (void)cgroup_read(&out->cgroup, &out->cgroup_place); // what can't be read is not known
    return 0;
}

bool look_counts_kills(const struct look *look) {
    struct cgroup_memory fresh;
    bool more = cgroup_read(&fresh, &look->cgroup_place) == 0 && look->cgroup.oom_kills >= 0 &&
                fresh.oom_kills > look->cgroup.oom_kills;
    cgroup_free(&fresh);
    return more;
}

void look_free(struct look *look) {
    pieces_free(&look->pieces);
    smaps_free(&look->smaps);
    cgroup_free(&look->cgroup);
    cgroup_place_free(&look->cgroup_place);
    *look = (struct look){0};
}
