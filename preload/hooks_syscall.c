// The hook on syscall(), for those numbers that open or close descriptors: programs reach io_uring, perf
// events and what libc has no name for only so. All others go straight to libc (hooks_tail.c), so that
// nothing stands between a program and its clone or futex.
#include "preload/hooks_fd.h"
#include "preload/passed.h"
#include "preload/tail.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

// Those whose result is a descriptor, with the name that reports give them.
#define OPENING(X)                                                                                           \
    X(SYS_open, CALL_open)                                                                                   \
    X(SYS_openat, CALL_openat)                                                                               \
    X(SYS_openat2, CALL_openat)                                                                              \
    X(SYS_creat, CALL_creat)                                                                                 \
    X(SYS_open_by_handle_at, CALL_open_by_handle_at)                                                         \
    X(SYS_dup, CALL_dup)                                                                                     \
    X(SYS_socket, CALL_socket)                                                                               \
    X(SYS_accept, CALL_accept)                                                                               \
    X(SYS_accept4, CALL_accept4)                                                                             \
    X(SYS_epoll_create, CALL_epoll_create)                                                                   \
    X(SYS_epoll_create1, CALL_epoll_create1)                                                                 \
    X(SYS_eventfd, CALL_eventfd)                                                                             \
    X(SYS_eventfd2, CALL_eventfd)                                                                            \
    X(SYS_timerfd_create, CALL_timerfd_create)                                                               \
    X(SYS_inotify_init, CALL_inotify_init)                                                                   \
    X(SYS_inotify_init1, CALL_inotify_init1)                                                                 \
    X(SYS_fanotify_init, CALL_fanotify_init)                                                                 \
    X(SYS_memfd_create, CALL_memfd_create)                                                                   \
    X(SYS_memfd_secret, CALL_syscall)                                                                        \
    X(SYS_pidfd_open, CALL_pidfd_open)                                                                       \
    X(SYS_pidfd_getfd, CALL_pidfd_getfd)                                                                     \
    X(SYS_userfaultfd, CALL_userfaultfd)                                                                     \
    X(SYS_io_uring_setup, CALL_io_uring_setup)                                                               \
    X(SYS_perf_event_open, CALL_perf_event_open)                                                             \
    X(SYS_mq_open, CALL_mq_open)                                                                             \
    X(SYS_fsopen, CALL_fsopen)                                                                               \
    X(SYS_fsmount, CALL_fsmount)                                                                             \
    X(SYS_fspick, CALL_fspick)                                                                               \
    X(SYS_open_tree, CALL_open_tree)                                                                         \
    X(SYS_landlock_create_ruleset, CALL_syscall)

// The others that are looked at.
#define LOOKED_AT(X)                                                                                         \
    X(SYS_close, 0)                                                                                          \
    X(SYS_close_range, 0)                                                                                    \
    X(SYS_dup2, 0)                                                                                           \
    X(SYS_dup3, 0)                                                                                           \
    X(SYS_fcntl, 0)                                                                                          \
    X(SYS_pipe, 0)                                                                                           \
    X(SYS_pipe2, 0)                                                                                          \
    X(SYS_socketpair, 0)                                                                                     \
    X(SYS_signalfd, 0)                                                                                       \
    X(SYS_signalfd4, 0)                                                                                      \
    X(SYS_recvmsg, 0)                                                                                        \
    X(SYS_recvmmsg, 0)

#define ENTRY(number, call) [number] = 1,
const uint8_t tail_looked_at[TAIL_NUMBERS] = {OPENING(ENTRY) LOOKED_AT(ENTRY)};
#undef ENTRY

static uint8_t call_of(long number) {
#define CASE(value, call)                                                                                    \
    case value:                                                                                              \
        return call;
    switch (number) { OPENING(CASE) }
#undef CASE
    return CALL_NONE;
}

static inline long forward(const struct tail_call *c) {
    return real.syscall(c->number, c->a, c->b, c->c, c->d, c->e, c->f);
}

static long close_one(const struct tail_call *c, const struct frame_state *caller) {
    uint64_t number = closing(CALL_close, (int)c->a, caller);
    return closed(CALL_close, (int)c->a, number, (int)forward(c));
}

static long close_many(const struct tail_call *c, const struct frame_state *caller) {
    uint64_t number = c->c & CLOSE_RANGE_CLOEXEC
                          ? 0
                          : closing_range(CALL_close_range, (unsigned)c->a, (unsigned)c->b, caller);
    long result = forward(c);
    if (result < 0)
        record_taken_back(CALL_close_range, number, (uint32_t)c->a, 0);
    return result;
}

static long look_at(const struct tail_call *c, const struct frame_state *caller) {
    long result;
    switch (c->number) {
    case SYS_close:
        return close_one(c, caller);
    case SYS_close_range:
        return close_many(c, caller);
    case SYS_dup2:
    case SYS_dup3:
        result = forward(c);
        if (result >= 0 && result != (int)c->a)
            record_opened(c->number == SYS_dup2 ? CALL_dup2 : CALL_dup3, (int)result, RECORD_REPLACES,
                          caller);
        return result;
    case SYS_fcntl:
        result = forward(c);
        return c->b == F_DUPFD || c->b == F_DUPFD_CLOEXEC ? opened(CALL_fcntl, (int)result, caller) : result;
    case SYS_pipe:
    case SYS_pipe2:
        return opened_pair(c->number == SYS_pipe ? CALL_pipe : CALL_pipe2, (int)forward(c), (const int *)c->a,
                           caller);
    case SYS_socketpair:
        return opened_pair(CALL_socketpair, (int)forward(c), (const int *)c->d, caller);
    case SYS_signalfd:
    case SYS_signalfd4:
        result = forward(c);
        return (int)c->a == -1 ? opened(CALL_signalfd, (int)result, caller) : result;
    case SYS_recvmsg:
        if ((result = forward(c)) >= 0)
            passed_record(CALL_recvmsg, (const void *)c->b, caller);
        return result;
    case SYS_recvmmsg:
        if ((result = forward(c)) > 0)
            passed_record_many(CALL_recvmmsg, (const void *)c->b, (unsigned)result, caller);
        return result;
    default:
        return opened(call_of(c->number), (int)forward(c), caller);
    }
}

long tail_syscall(long number, long a, long b, long c, long d, long e, long f) {
    return look_at(&(struct tail_call){number, a, b, c, d, e, f}, CALLER());
}
