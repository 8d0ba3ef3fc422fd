// See cgroup.h. The kernel's files are looked for where systems mount them.
#include "tests/lib/cgroup.h"

#include "tests/lib/run.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char group[4096];

// The path behind "...:memory:" or "0::" of /proc/self/cgroup, in buf; false: no such line.
static bool own_path(const char *controller, char *buf, size_t bytes) {
    char *lines = file_read("/proc/self/cgroup", NULL), *keep = NULL;
    bool found = false;
    for (char *line = lines ? strtok_r(lines, "\n", &keep) : NULL; line && !found;
         line = strtok_r(NULL, "\n", &keep)) {
        char *at = strstr(line, controller);
        found = at && (controller[0] == ':' || at == line);
        if (found)
            snprintf(buf, bytes, "%s", at + strlen(controller));
    }
    free(lines);
    return found;
}

static bool write_number(const char *file, long long number) {
    FILE *out = fopen(text("%s/%s", group, file), "w");
    if (!out)
        return false;
    fprintf(out, "%lld", number);
    return fclose(out) == 0;
}

static bool make_below(const char *mount, const char *path, const char *limit_file, long long limit_bytes) {
    snprintf(group, sizeof group, "%s%s/seep-test-%d", mount, strcmp(path, "/") == 0 ? "" : path,
             (int)getpid());
    if (mkdir(group, 0755) != 0)
        return false;
    if (write_number(limit_file, limit_bytes))
        return true;
    rmdir(group); // the controller is not here
    return false;
}

bool own_cgroup_make(long long limit_bytes) {
    char path[2048];
    return (own_path(":memory:", path, sizeof path) &&
            make_below("/sys/fs/cgroup/memory", path, "memory.limit_in_bytes", limit_bytes)) ||
           (own_path("0::", path, sizeof path) &&
            make_below("/sys/fs/cgroup", path, "memory.max", limit_bytes));
}

void own_cgroup_enter(void) {
    if (!write_number("cgroup.procs", 0))
        _exit(127);
}

static bool removed(void *unused) {
    (void)unused;
    return rmdir(group) == 0;
}

void own_cgroup_remove(void) {
    ck_assert_msg(wait_until(removed, NULL), "%s is in use", group);
}
