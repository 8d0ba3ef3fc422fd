// A process of several threads. Linked with -pthread.
#pragma once

#include "tests/programs/keep.h"

#include <pthread.h>
#include <sys/syscall.h>

enum { OTHERS = 4 };

// Starts that many threads, each with a barrier that it must wait at, and waits there until all run.
static inline void start_others(void *(*does)(void *barrier)) {
    static pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, OTHERS + 1);
    pthread_t thread;
    for (int i = 0; i < OTHERS; i++)
        MUST(pthread_create(&thread, NULL, does, &barrier) == 0);
    pthread_barrier_wait(&barrier);
}

struct last_thread {
    pthread_t first;
    int status;
};

static inline void *outlives_the_first(void *last_thread) {
    struct last_thread *last = last_thread;
    pthread_join(last->first, NULL);
    syscall(SYS_exit, last->status);
    return NULL;
}

// The calling thread, the first, ends before another one, which ends the process.
static inline void end_with_last_thread(int status) {
    static struct last_thread last;
    static pthread_t thread;
    last = (struct last_thread){pthread_self(), status};
    MUST(pthread_create(&thread, NULL, outlives_the_first, &last) == 0);
    syscall(SYS_exit, status);
}
