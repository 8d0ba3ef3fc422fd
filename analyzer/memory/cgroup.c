// See cgroup.h. Called by view.c. The kernel's files are read as they are: no library of the init system is
// asked, since containers have none.
#include "analyzer/memory/cgroup.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- finding the group
// ------------------------------------------------------------------------------------------

// Is word one of those in a list with commas?
static bool lists(const char *list, const char *word) {
    size_t bytes = strlen(word);
    for (const char *at = list; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',')) {
        if (strcspn(at, ",") == bytes && memcmp(at, word, bytes) == 0)
            return true;
    }
    return false;
}

// Blanks in mountinfo are written as \040.
static void unescape(char *text) {
    char *out = text;
    for (const char *in = text; *in; out++) {
        if (in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && in[2] >= '0' && in[2] <= '7' && in[3] >= '0' &&
            in[3] <= '7') {
            *out = (char)((in[1] - '0') << 6 | (in[2] - '0') << 3 | (in[3] - '0'));
            in += 4;
        } else {
            *out = *in++;
        }
    }
    *out = '\0';
}

// The group's path in the hierarchy that controls memory, from /proc/PID/cgroup: version 1 where that
// controller is attached to one, else version 2. NULL: neither.
static char *group_path(FILE *in, int *version) {
    char *line = NULL, *path = NULL;
    size_t room = 0;
    *version = 0;
    while (*version != 1 && getline(&line, &room, in) > 0) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *at = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!at)
            continue;
        *at++ = '\0';
        bool v1 = lists(controllers + 1, "memory");
        if (at[0] != '/' || !(v1 || strcmp(line, "0:") == 0))
            continue;
        free(path);
        path = strdup(at);
        *version = v1 ? 1 : 2;
    }
    free(line);
    return path;
}

// The part of path below top, itself a path; NULL if it isn't below.
static const char *below(const char *path, const char *top) {
    size_t bytes = strcmp(top, "/") == 0 ? 0 : strlen(top);
    if (strncmp(path, top, bytes) != 0 || (path[bytes] && path[bytes] != '/'))
        return NULL;
    return strcmp(path + bytes, "/") == 0 ? "" : path + bytes;
}

// One line of mountinfo: "31 23 0:28 ROOT POINT options [tags] - TYPE source superoptions". True if it is the
// hierarchy's mount and path can be seen through it.
static bool mounts(char *line, int version, const char *path, char **point, const char **rest) {
    char *fields[5] = {0}, *keep = NULL;
    char *tail = strstr(line, " - ");
    if (!tail)
        return false;
    *tail = '\0';
    for (int i = 0; i < 5; i++)
        if (!(fields[i] = strtok_r(i ? NULL : line, " ", &keep)))
            return false;
    char *type = strtok_r(tail + 3, " ", &keep), *source = strtok_r(NULL, " ", &keep);
    char *options = source ? strtok_r(NULL, " \n", &keep) : NULL;
    if (!options || strcmp(type, version == 1 ? "cgroup" : "cgroup2") != 0 ||
        (version == 1 && !lists(options, "memory")))
        return false;
    unescape(fields[3]);
    unescape(fields[4]);
    *point = fields[4];
    *rest = below(path, fields[3]);
    return *rest != NULL;
}

int cgroup_find(struct cgroup_place *out, const char *root, pid_t pid) {
    char name[PATH_MAX], *line = NULL, *point;
    const char *rest;
    size_t room = 0;
    *out = (struct cgroup_place){0};
    snprintf(name, sizeof name, "%s/proc/%d/cgroup", root, (int)pid);
    FILE *in = fopen(name, "re");
    if (!in)
        return -errno;
    int version, result = -ENOENT;
    char *path = group_path(in, &version);
    fclose(in);
    // "/.." leads out of what this namespace shows.
    if (!path || strncmp(path, "/..", 3) == 0) {
        free(path);
        return -ENOENT;
    }
    snprintf(name, sizeof name, "%s/proc/self/mountinfo", root); // the group is looked for where we see it
    in = fopen(name, "re");
    while (in && result != 0 && getline(&line, &room, in) > 0)
        if (mounts(line, version, path, &point, &rest) &&
            asprintf(&out->directory, "%s%s%s", root, point, rest) >= 0) {
            out->version = version;
            out->mount_bytes = strlen(root) + strlen(point);
            result = 0;
        }
    if (in)
        fclose(in);
    free(line);
    free(path);
    return result;
}

void cgroup_place_free(struct cgroup_place *place) {
    free(place->directory);
    *place = (struct cgroup_place){0};
}

// --- its figures
// ------------------------------------------------------------------------------------------------

static FILE *open_file(const char *directory, const char *file) {
    char *path;
    if (asprintf(&path, "%s/%s", directory, file) < 0)
        return NULL;
    FILE *in = fopen(path, "re");
    free(path);
    return in;
}

static int64_t number_from(const char *text) {
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    return end == text || errno || value < 0 ? -1 : (int64_t)value;
}

// A file that holds one number. -1: no such file, or no number ("max").
static int64_t read_number(const char *directory, const char *file) {
    char text[64];
    FILE *in = open_file(directory, file);
    int64_t value = in && fgets(text, sizeof text, in) ? number_from(text) : -1;
    if (in)
        fclose(in);
    return value;
}

struct wanted {
    const char *key;
    int64_t *value;
};

// A file of lines "key number". Values of keys that it lacks stay as they are.
static void read_keys(const char *directory, const char *file, const struct wanted *wanted, size_t count) {
    char line[256];
    FILE *in = open_file(directory, file);
    while (in && fgets(line, sizeof line, in)) {
        char *blank = strchr(line, ' ');
        if (!blank)
            continue;
        *blank = '\0';
        for (size_t i = 0; i < count; i++)
            if (strcmp(line, wanted[i].key) == 0)
                *wanted[i].value = number_from(blank + 1);
    }
    if (in)
        fclose(in);
}

// Version 1 says "no limit" by the largest multiple of a page that it can count to.
static int64_t limit_of(const char *directory, int version) {
    if (version == 2)
        return read_number(directory, "memory.max");
    int64_t limit = read_number(directory, "memory.limit_in_bytes");
    return limit >= INT64_MAX / 65536 * 65536 - 65536 ? -1 : limit;
}

static int64_t current_of(const char *directory, int version) {
    return read_number(directory, version == 2 ? "memory.current" : "memory.usage_in_bytes");
}

// Shortens directory to the group that is nearest to its limit: of those from the process's own to the top.
static void choose_level(char *directory, size_t mount_bytes, int version) {
    size_t chosen = strlen(directory);
    int64_t least = INT64_MAX;
    char *level = strdup(directory);
    while (level) {
        int64_t limit = limit_of(level, version), current = current_of(level, version);
        if (limit >= 0 && current >= 0 && limit - current < least) {
            least = limit - current;
            chosen = strlen(level);
        }
        if (strlen(level) <= mount_bytes)
            break;
        *strrchr(level, '/') = '\0';
    }
    free(level);
    directory[chosen] = '\0';
}

static void read_version_2(struct cgroup_memory *out, const char *directory) {
    int64_t file = -1;
    out->peak_bytes = read_number(directory, "memory.peak");
    out->swap_bytes = read_number(directory, "memory.swap.current");
    read_keys(directory, "memory.stat",
              (const struct wanted[]){{"anon", &out->anonymous_bytes},
                                      {"file", &file},
                                      {"shmem", &out->shared_bytes},
                                      {"kernel", &out->kernel_bytes}},
              4);
    read_keys(directory, "memory.events", (const struct wanted[]){{"oom_kill", &out->oom_kills}}, 1);
    out->page_cache_bytes = file;
}

static void read_version_1(struct cgroup_memory *out, const char *directory) {
    out->peak_bytes = read_number(directory, "memory.max_usage_in_bytes");
    out->kernel_bytes = read_number(directory, "memory.kmem.usage_in_bytes");
    // The totals include the groups below, as what is charged does.
    read_keys(directory, "memory.stat",
              (const struct wanted[]){{"total_rss", &out->anonymous_bytes},
                                      {"total_cache", &out->page_cache_bytes},
                                      {"total_shmem", &out->shared_bytes},
                                      {"total_swap", &out->swap_bytes}},
              4);
    read_keys(directory, "memory.oom_control", (const struct wanted[]){{"oom_kill", &out->oom_kills}}, 1);
}

int cgroup_read(struct cgroup_memory *out, const struct cgroup_place *place) {
    *out = (struct cgroup_memory){.current_bytes = -1,
                                  .limit_bytes = -1,
                                  .peak_bytes = -1,
                                  .anonymous_bytes = -1,
                                  .page_cache_bytes = -1,
                                  .shared_bytes = -1,
                                  .kernel_bytes = -1,
                                  .swap_bytes = -1,
                                  .oom_kills = -1};
    char *directory = place->directory ? strdup(place->directory) : NULL;
    if (!directory)
        return -ENOENT;
    choose_level(directory, place->mount_bytes, place->version);
    out->version = place->version;
    out->current_bytes = current_of(directory, place->version);
    out->limit_bytes = limit_of(directory, place->version);
    if (place->version == 2)
        read_version_2(out, directory);
    else
        read_version_1(out, directory);
    // Both versions count tmpfs and shared memory among the page cache; the kernel can't drop those.
    if (out->page_cache_bytes >= 0 && out->shared_bytes >= 0)
        out->page_cache_bytes -=
            out->shared_bytes < out->page_cache_bytes ? out->shared_bytes : out->page_cache_bytes;
    const char *path = directory + place->mount_bytes;
    out->path = strdup(*path ? path : "/");
    free(directory);
    return out->current_bytes >= 0 || out->anonymous_bytes >= 0 ? 0 : -ENODATA;
}

void cgroup_free(struct cgroup_memory *memory) {
    free(memory->path);
    *memory = (struct cgroup_memory){0};
}
