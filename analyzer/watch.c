// See watch.h. Used by session.c.
#include "analyzer/watch.h"
#include "preload/wire/atomic.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct watch {
    pthread_t thread;
    struct board *board;
    int epoll_fd, stop_fd;
    sem_t go_on;
    uint32_t ready; // W1 store-release by the thread -> W2 load-acquire by the main thread
    uint32_t beat;  // by the main thread; seen within one period
};

enum { BEAT_MS = 200 };

static void *run(void *argument) {
    struct watch *watch = argument;
    for (;;) {
        struct pollfd fds[2] = {{.fd = watch->stop_fd, .events = POLLIN},
                                {.fd = watch->epoll_fd, .events = POLLIN}};
        bool beat = atomic_load_relaxed(&watch->beat); // relaxed: late by one period does no harm
        if (beat) {
            board_heartbeat(watch->board);
            fds[1].fd = -1; // nobody handles these any more
        }
        int ready = poll(fds, 2, BEAT_MS);
        if (ready > 0 && fds[0].revents)
            return NULL;
        if (ready <= 0 || beat)
            continue;
        atomic_store_release(&watch->ready, 1); // W1
        board_ring(watch->board);
        while (sem_wait(&watch->go_on) != 0)
            ;
    }
}

struct watch *watch_new(int epoll_fd, struct board *board) {
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return NULL;
    watch->epoll_fd = epoll_fd;
    watch->board = board;
    watch->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (watch->stop_fd < 0) {
        free(watch);
        return NULL;
    }
    sem_init(&watch->go_on, 0, 0);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int bad = pthread_create(&watch->thread, NULL, run, watch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (bad) {
        close(watch->stop_fd);
        free(watch);
        errno = bad;
        return NULL;
    }
    return watch;
}

void watch_free(struct watch *watch) {
    if (!watch)
        return;
    eventfd_write(watch->stop_fd, 1);
    sem_post(&watch->go_on);
    pthread_join(watch->thread, NULL);
    sem_destroy(&watch->go_on);
    close(watch->stop_fd);
    free(watch);
}

bool watch_ready(struct watch *watch) {
    return atomic_load_acquire(&watch->ready); // W2
}

void watch_resume(struct watch *watch) {
    atomic_store_relaxed(&watch->ready, 0); // ordered by the semaphore
    sem_post(&watch->go_on);
}

void watch_keep_beating(struct watch *watch) {
    atomic_store_relaxed(&watch->beat, 1);
    sem_post(&watch->go_on); // it may stand there; once too often does no harm any more
}
