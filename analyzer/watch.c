// See watch.h. Used by session.c.
#include "analyzer/watch.h"
#include "preload/wire/atomic.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

struct watch {
    pthread_t thread;
    struct board *board;
    int epoll_fd;
    sem_t go_on;
    uint32_t ready; // W1 store-release by the thread -> W2 load-acquire by the main thread
    uint32_t stop;
};

static void *run(void *argument) {
    struct watch *watch = argument;
    while (!atomic_load_acquire(&watch->stop)) {
        struct pollfd poll_fd = {.fd = watch->epoll_fd, .events = POLLIN};
        if (poll(&poll_fd, 1, 200) <= 0)
            continue;
        atomic_store_release(&watch->ready, 1); // W1
        board_ring(watch->board);
        while (sem_wait(&watch->go_on) != 0)
            ;
    }
    return NULL;
}

struct watch *watch_new(int epoll_fd, struct board *board) {
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return NULL;
    watch->epoll_fd = epoll_fd;
    watch->board = board;
    sem_init(&watch->go_on, 0, 0);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int bad = pthread_create(&watch->thread, NULL, run, watch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (bad) {
        free(watch);
        errno = bad;
        return NULL;
    }
    return watch;
}

void watch_free(struct watch *watch) {
    if (!watch)
        return;
    atomic_store_release(&watch->stop, 1);
    sem_post(&watch->go_on);
    pthread_join(watch->thread, NULL);
    sem_destroy(&watch->go_on);
    free(watch);
}

bool watch_ready(struct watch *watch) {
    return atomic_load_acquire(&watch->ready); // W2
}

void watch_resume(struct watch *watch) {
    atomic_store_relaxed(&watch->ready, 0); // ordered by the semaphore
    sem_post(&watch->go_on);
}
