// A child of a test, to be stopped: it does what it was given, and ends with the test at the latest. What it
// says to the test lies in memory that both share.
#pragma once

#include "analyzer/verdict/stop.h"
#include "tests/lib/suite.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static inline void *shared_memory(size_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    return memory;
}

static inline pid_t child_that(void (*does)(void)) {
    pid_t parent = getpid(), child = fork();
    ck_assert_int_ge(child, 0);
    if (child)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        does();
    _exit(0);
}

static inline int end_of(pid_t child) {
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

static inline void be_rid_of(pid_t child) {
    kill(child, SIGKILL);
    end_of(child);
}

static inline void a_moment(void) {
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

// Waits for a condition; whoever waits in vain is ended by the suite.
#define WAIT_UNTIL(condition)                                                                                \
    do                                                                                                       \
        while (!(condition))                                                                                 \
            a_moment();                                                                                      \
    while (0)

// First word of a file of a thread in /proc; "" if it is gone.
static inline void word_of_thread(pid_t pid, pid_t tid, const char *name, char *out, size_t bytes) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/%s", (int)pid, (int)tid, name);
    out[0] = '\0';
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    if (fgets(out, (int)bytes, file))
        out[strcspn(out, " \n")] = '\0';
    fclose(file);
}

// As in /proc/PID/stat: R, S, T (stopped by a signal), t (by a tracer); 0: gone.
static inline char state_of(pid_t pid, pid_t tid) {
    char path[64], line[512] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)pid, (int)tid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    const char *end = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    fclose(file);
    return end ? end[2] : 0;
}
