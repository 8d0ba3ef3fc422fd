// Hooks on calls that make a descriptor for one of the kernel's own kinds of thing.
#include "preload/hooks_fd.h"

enum { KERNEL_SIGSET_BYTES = 8 };

HOOKED int epoll_create(int size) {
    EARLY((int)early_answer(raw_syscall1(SYS_epoll_create, size)));
    return opened(CALL_epoll_create, real.epoll_create(size), CALLER());
}

HOOKED int epoll_create1(int flags) {
    EARLY((int)early_answer(raw_syscall1(SYS_epoll_create1, flags)));
    return opened(CALL_epoll_create1, real.epoll_create1(flags), CALLER());
}

HOOKED int eventfd(unsigned value, int flags) {
    EARLY((int)early_answer(raw_syscall2(SYS_eventfd2, value, flags)));
    return opened(CALL_eventfd, real.eventfd(value, flags), CALLER());
}

// Given a descriptor, it only changes its mask.
HOOKED int signalfd(int fd, const void *mask, int flags) {
    EARLY((int)early_answer(raw_syscall4(SYS_signalfd4, fd, (long)mask, KERNEL_SIGSET_BYTES, flags)));
    int result = real.signalfd(fd, mask, flags);
    return fd == -1 ? opened(CALL_signalfd, result, CALLER()) : result;
}

HOOKED int timerfd_create(int clock, int flags) {
    EARLY((int)early_answer(raw_syscall2(SYS_timerfd_create, clock, flags)));
    return opened(CALL_timerfd_create, real.timerfd_create(clock, flags), CALLER());
}

HOOKED int inotify_init(void) {
    EARLY((int)early_answer(raw_syscall1(SYS_inotify_init1, 0)));
    return opened(CALL_inotify_init, real.inotify_init(), CALLER());
}

HOOKED int inotify_init1(int flags) {
    EARLY((int)early_answer(raw_syscall1(SYS_inotify_init1, flags)));
    return opened(CALL_inotify_init1, real.inotify_init1(flags), CALLER());
}

HOOKED int fanotify_init(unsigned flags, unsigned event_flags) {
    EARLY((int)early_answer(raw_syscall2(SYS_fanotify_init, flags, event_flags)));
    return opened(CALL_fanotify_init, real.fanotify_init(flags, event_flags), CALLER());
}

HOOKED int memfd_create(const char *name, unsigned flags) {
    EARLY((int)early_answer(raw_syscall2(SYS_memfd_create, (long)name, flags)));
    return opened(CALL_memfd_create, real.memfd_create(name, flags), CALLER());
}

HOOKED int pidfd_open(int pid, unsigned flags) {
    EARLY((int)early_answer(raw_syscall2(SYS_pidfd_open, pid, flags)));
    if (unlikely(!real.pidfd_open))
        return not_there();
    return opened(CALL_pidfd_open, real.pidfd_open(pid, flags), CALLER());
}

HOOKED int pidfd_getfd(int pidfd, int fd, unsigned flags) {
    EARLY((int)early_answer(raw_syscall3(SYS_pidfd_getfd, pidfd, fd, flags)));
    if (unlikely(!real.pidfd_getfd))
        return not_there();
    return opened(CALL_pidfd_getfd, real.pidfd_getfd(pidfd, fd, flags), CALLER());
}

HOOKED int fsopen(const char *name, unsigned flags) {
    EARLY((int)early_answer(raw_syscall2(SYS_fsopen, (long)name, flags)));
    if (unlikely(!real.fsopen))
        return not_there();
    return opened(CALL_fsopen, real.fsopen(name, flags), CALLER());
}

HOOKED int fsmount(int fd, unsigned flags, unsigned attributes) {
    EARLY((int)early_answer(raw_syscall3(SYS_fsmount, fd, flags, attributes)));
    if (unlikely(!real.fsmount))
        return not_there();
    return opened(CALL_fsmount, real.fsmount(fd, flags, attributes), CALLER());
}

HOOKED int fspick(int directory, const char *path, unsigned flags) {
    EARLY((int)early_answer(raw_syscall3(SYS_fspick, directory, (long)path, flags)));
    if (unlikely(!real.fspick))
        return not_there();
    return opened(CALL_fspick, real.fspick(directory, path, flags), CALLER());
}

HOOKED int open_tree(int directory, const char *path, unsigned flags) {
    EARLY((int)early_answer(raw_syscall3(SYS_open_tree, directory, (long)path, flags)));
    if (unlikely(!real.open_tree))
        return not_there();
    return opened(CALL_open_tree, real.open_tree(directory, path, flags), CALLER());
}
