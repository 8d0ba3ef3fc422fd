// flags: -pthread
// Threads joined, detached and forgotten, in each way: only what forgets() and forgets_c11() make is left
// behind. The case is the argument.
#define _GNU_SOURCE
#include "tests/programs/keep.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>

enum { JOINED = 5, SELF_DETACHED = 300, FORGOTTEN = 50, FORGOTTEN_C11 = 3, RUNNING = 2, STACK = 256 << 10 };

static const struct timespec past = {.tv_sec = 1};
static const struct timespec far_away = {.tv_sec = 1L << 40};
static _Alignas(4096) char own_stack[STACK];
static int go; // what the threads that wait wait for

static void *ends(void *unused) {
    return unused;
}

static int ends_c11(void *unused) {
    return unused != NULL;
}

static void *waits(void *unused) {
    while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE))
        sched_yield();
    return unused;
}

static void *runs_on(void *unused) {
    for (;;)
        pause();
    return unused;
}

// Until only so many threads are there, ended ones gone from the kernel's list.
static void wait_for_threads(int count) {
    int found;
    do {
        DIR *tasks = opendir("/proc/self/task");
        MUST(tasks);
        found = 0;
        for (struct dirent *task; (task = readdir(tasks));)
            found += task->d_name[0] != '.';
        closedir(tasks);
        sched_yield();
    } while (found != count);
}

static pthread_t begin(void *(*what)(void *), void *argument) {
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, what, argument) == 0);
    return thread;
}

static void joins(void) {
    thrd_t thread;
    int result = 0;
    for (int i = 0; i < JOINED; i++) {
        MUST(pthread_join(begin(ends, NULL), NULL) == 0);
        MUST(pthread_timedjoin_np(begin(ends, NULL), NULL, &far_away) == 0);
        MUST(pthread_clockjoin_np(begin(ends, NULL), NULL, CLOCK_MONOTONIC, &far_away) == 0);
        MUST(thrd_create(&thread, ends_c11, &thread) == thrd_success);
        MUST(thrd_join(thread, &result) == thrd_success && result == 1);
    }
    pthread_t waiting = begin(waits, NULL);
    errno = ENOTTY;
    MUST(pthread_tryjoin_np(waiting, NULL) == EBUSY);
    MUST(pthread_timedjoin_np(waiting, NULL, &past) == ETIMEDOUT);
    MUST(pthread_clockjoin_np(waiting, NULL, CLOCK_MONOTONIC, &past) == ETIMEDOUT);
    MUST(errno == ENOTTY);
    __atomic_store_n(&go, 1, __ATOMIC_RELEASE);
    while (pthread_tryjoin_np(waiting, NULL) == EBUSY)
        sched_yield();
}

struct job {
    pthread_t thread;
    char more[200 << 10]; // so that free unmaps it
};

// By the time that the call that made it returns, the place of its pthread_t may be gone.
static void *detaches_itself(void *job) {
    MUST(pthread_detach(pthread_self()) == 0);
    free(job);
    return NULL;
}

static void detaches(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    thrd_t c11;
    MUST(pthread_attr_init(&attributes) == 0);
    MUST(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0);
    for (int i = 0; i < JOINED; i++) {
        MUST(pthread_create(&thread, &attributes, ends, NULL) == 0);
        MUST(pthread_detach(begin(ends, NULL)) == 0);
        MUST(thrd_create(&c11, ends_c11, NULL) == thrd_success && thrd_detach(c11) == thrd_success);
    }
    pthread_attr_destroy(&attributes);
    for (int i = 0; i < SELF_DETACHED; i++) {
        struct job *job = keep(malloc(sizeof *job));
        MUST(pthread_create(&job->thread, NULL, detaches_itself, job) == 0);
    }
}

static void brings_its_stack(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    MUST(pthread_attr_init(&attributes) == 0);
    MUST(pthread_attr_setstack(&attributes, own_stack, sizeof own_stack) == 0);
    MUST(pthread_create(&thread, &attributes, ends, NULL) == 0);
    pthread_attr_destroy(&attributes);
}

OWN_FRAME static void forgets(int count) {
    pthread_attr_t attributes;
    pthread_t thread;
    MUST(pthread_attr_init(&attributes) == 0);
    MUST(pthread_attr_setstacksize(&attributes, STACK) == 0);
    for (int i = 0; i < count; i++)
        MUST(pthread_create(&thread, &attributes, ends, NULL) == 0);
    pthread_attr_destroy(&attributes);
    AFTER_CALL;
}

OWN_FRAME static void forgets_c11(int count) {
    thrd_t thread;
    for (int i = 0; i < count; i++)
        MUST(thrd_create(&thread, ends_c11, NULL) == thrd_success);
    AFTER_CALL;
}

static void *joins_another(void *other) {
    pthread_join(*(pthread_t *)other, NULL);
    return NULL;
}

// Who joins is cancelled, and another joins in its place.
static void cancels(void) {
    void *result;
    pthread_t waiting = begin(waits, NULL), joiner = begin(joins_another, &waiting);
    MUST(pthread_cancel(joiner) == 0 && pthread_join(joiner, &result) == 0 && result == PTHREAD_CANCELED);
    __atomic_store_n(&go, 1, __ATOMIC_RELEASE);
    MUST(pthread_join(waiting, NULL) == 0);
}

static void forks(void) {
    forgets(opaque(7));
    wait_for_threads(1);
    int status;
    pid_t child = fork();
    if (child == 0) {
        forgets_c11(opaque(2));
        wait_for_threads(1);
        exit(0);
    }
    MUST(waitpid(child, &status, 0) == child && status == 0);
}

int main(int argc, char **argv) {
    MUST(argc == 2);
    if (!strcmp(argv[1], "all")) {
        for (int i = 0; i < RUNNING; i++)
            begin(runs_on, NULL);
        forgets(opaque(FORGOTTEN));
        joins();
        detaches();
        forgets_c11(opaque(FORGOTTEN_C11));
        brings_its_stack();
        wait_for_threads(1 + RUNNING);
    } else if (!strcmp(argv[1], "cancelled")) {
        cancels();
    } else {
        MUST(!strcmp(argv[1], "fork"));
        forks();
    }
    return 0;
}
