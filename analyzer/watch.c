// See watch.h. Used by session.c.
#include "analyzer/watch.h"
#include "preload/wire/atomic.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct watch {
    pthread_t thread;
    struct board *board;
    int epoll_fd, stop_fd, go_on_fd;
    uint32_t ready; // W1 store-release by the thread -> W2 load-acquire by the main thread
    uint32_t beat;  // set by the main thread; seen within one period
};

enum { BEAT_MS = 200 };

static void beat_if_asked(const struct watch *watch) {
    if (atomic_load_relaxed(&watch->beat)) // relaxed: late by one period does no harm
        board_heartbeat(watch->board);
}

// Until one of the two is readable; beats meanwhile. False: it is the first.
static bool wait_beating(const struct watch *watch, int stop_fd, int fd) {
    for (;;) {
        struct pollfd fds[2] = {{.fd = stop_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
        int ready = poll(fds, 2, BEAT_MS);
        beat_if_asked(watch);
        if (ready > 0)
            return !fds[0].revents;
    }
}

static void *run(void *argument) {
    struct watch *watch = argument;
    while (wait_beating(watch, watch->stop_fd, watch->epoll_fd)) {
        atomic_store_release(&watch->ready, 1); // W1
        board_ring(watch->board);
        if (!wait_beating(watch, watch->stop_fd, watch->go_on_fd))
            break;
        eventfd_t times;
        eventfd_read(watch->go_on_fd, &times);
    }
    return NULL;
}

static void release(struct watch *watch) {
    int keep = errno;
    if (watch->stop_fd >= 0)
        close(watch->stop_fd);
    if (watch->go_on_fd >= 0)
        close(watch->go_on_fd);
    free(watch);
    errno = keep;
}

struct watch *watch_new(int epoll_fd, struct board *board) {
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return NULL;
    watch->epoll_fd = epoll_fd;
    watch->board = board;
    watch->stop_fd = eventfd(0, EFD_CLOEXEC);
    watch->go_on_fd = eventfd(0, EFD_CLOEXEC);
    if (watch->stop_fd < 0 || watch->go_on_fd < 0) {
        release(watch);
        return NULL;
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int bad = pthread_create(&watch->thread, NULL, run, watch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (bad) {
        release(watch);
        errno = bad;
        return NULL;
    }
    return watch;
}

void watch_free(struct watch *watch) {
    if (!watch)
        return;
    eventfd_write(watch->stop_fd, 1);
    pthread_join(watch->thread, NULL);
    release(watch);
}

bool watch_ready(struct watch *watch) {
    return atomic_load_acquire(&watch->ready); // W2
}

void watch_resume(struct watch *watch) {
    atomic_store_relaxed(&watch->ready, 0); // ordered by the descriptor
    eventfd_write(watch->go_on_fd, 1);
}

void watch_beat(struct watch *watch, bool on) {
    atomic_store_relaxed(&watch->beat, on);
}
