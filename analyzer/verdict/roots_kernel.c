// What only the kernel holds for a process, as /proc shows it: what epoll gives back with an event, and what
// a timer's signal carries. Called by roots.c.
#include "analyzer/verdict/roots_parts.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What an io_uring's descriptor tells of requests, of which the kernel shows no more than that they are
// there.
struct requests {
    uint32_t taken, answered; // entries of its queues, each wraps around
    uint64_t waiting;         // until something is ready; one of them may be answered many times
};

static void note_requests(struct requests *requests, const char *line) {
    sscanf(line, "SqHead: %" SCNu32, &requests->taken);
    sscanf(line, "CqTail: %" SCNu32, &requests->answered);
    requests->waiting += strncmp(line, "  op=", 5) == 0;
}

static uint64_t under_way(const struct requests *requests) {
    int32_t open = (int32_t)(requests->taken - requests->answered);
    return open > 0 && (uint64_t)open > requests->waiting ? (uint64_t)open : requests->waiting;
}

// The hexadecimal number behind each `mark` in the lines of a file that begin with `line`.
static void add_numbers(struct roots *roots, const char *path, const char *line, const char *mark) {
    FILE *file = fopen(path, "re");
    struct requests requests = {0};
    char text[512];
    while (file && fgets(text, sizeof text, file)) {
        const char *at = strncmp(text, line, strlen(line)) == 0 ? strstr(text, mark) : NULL;
        if (at)
            roots_add_word(roots, strtoull(at + strlen(mark), NULL, 16));
        note_requests(&requests, text);
    }
    roots->hidden_requests += under_way(&requests);
    if (file)
        fclose(file);
}

void roots_add_kernel(struct roots_search *search) {
    char path[320];
    snprintf(path, sizeof path, "/proc/%d/timers", (int)search->pid);
    add_numbers(search->out, path, "signal:", "/"); // signal: NUMBER/VALUE
    snprintf(path, sizeof path, "/proc/%d/fdinfo", (int)search->pid);
    DIR *descriptors = opendir(path);
    for (struct dirent *entry; descriptors && (entry = readdir(descriptors));) {
        snprintf(path, sizeof path, "/proc/%d/fdinfo/%.200s", (int)search->pid, entry->d_name);
        if (entry->d_name[0] != '.')
            add_numbers(search->out, path, "tfd:", "data:"); // tfd: FD events: MASK data: VALUE ...
    }
    if (descriptors)
        closedir(descriptors);
}
