// See sample.h. Called by session.c. statm costs some microseconds and tells whether a look is worth it; a
// look costs as much as the kernel takes to walk the process's page tables, some milliseconds for each GiB.
#include "analyzer/sample.h"
#include "analyzer/clock.h"
#include "analyzer/process_memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MILLISECOND 1000000ull

static const uint64_t turn_ns = 20 * MILLISECOND;          // of the caller's time at once
static const uint64_t ask_period_ns = 250 * MILLISECOND;   // and a millisecond for each process that there is
static const uint64_t look_period_ns = 1000 * MILLISECOND; // at least, and SHARE times what the last one took
static const uint64_t refresh_ns = 30000 * MILLISECOND;    // a look is not older, whatever happens
static const uint64_t most_cost_ns = 250 * MILLISECOND;    // rings that fill meanwhile must wait no longer
enum { SHARE = 100, SMALL_PAGES = 256 };

// Resident pages; 0: not known.
static uint64_t resident_pages(pid_t pid) {
    char path[64], text[128] = "";
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    const char *second = got > 0 ? strchr(text, ' ') : NULL;
    return second ? strtoull(second, NULL, 10) : 0;
}

// What a look costs is counted in time of the processor: the analyzer waits for others, too.
static uint64_t cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool has_changed(const struct sampling *sampling, uint64_t pages) {
    uint64_t before = sampling->pages, change = pages > before ? pages - before : before - pages;
    return change >= before / 8 + SMALL_PAGES;
}

static void sample(struct process *process, uint64_t now, size_t processes) {
    struct sampling *sampling = &process->sampling;
    sampling->ask_ns = now + ask_period_ns + processes * MILLISECOND;
    uint64_t pages = resident_pages(process->pid);
    if (pages > sampling->most_pages)
        sampling->most_pages = pages;
    bool old = now - sampling->looked_ns >= refresh_ns;
    if (!pages || now < sampling->look_ns || (process->look && !old && !has_changed(sampling, pages)))
        return;
    uint64_t began = cpu_ns();
    process_look(process, false);
    uint64_t cost = cpu_ns() - began;
    uint64_t rest = cost * SHARE > look_period_ns ? cost * SHARE : look_period_ns;
    sampling->look_ns = cost > most_cost_ns ? UINT64_MAX : now + rest;
    sampling->looked_ns = now;
    sampling->pages = pages;
}

void sample_memory(struct process *const *processes, size_t count) {
    uint64_t began = now_ns(), now = began;
    for (size_t i = 0; i < count && now - began < turn_ns; i++) {
        struct process *process = processes[i];
        // Without a descriptor its id may be another's; one that stands at its end was or will be looked at.
        if (!process->family || process->pidfd < 0 || process->examined || now < process->sampling.ask_ns)
            continue;
        sample(process, now, count);
        now = now_ns();
    }
}
