// Hooks on sockets and pipes. Must not include <sys/socket.h>, whose declarations are not those of hooks.def.
#include "preload/hooks_fd.h"
#include "preload/passed.h"

HOOKED int pipe(int *fds) {
    EARLY((int)early_answer(raw_syscall1(SYS_pipe, (long)fds)));
    return opened_pair(CALL_pipe, real.pipe(fds), fds, CALLER());
}

HOOKED int __pipe(int *fds) {
    EARLY((int)early_answer(raw_syscall1(SYS_pipe, (long)fds)));
    return opened_pair(CALL_pipe, real.__pipe(fds), fds, CALLER());
}

HOOKED int pipe2(int *fds, int flags) {
    EARLY((int)early_answer(raw_syscall2(SYS_pipe2, (long)fds, flags)));
    return opened_pair(CALL_pipe2, real.pipe2(fds, flags), fds, CALLER());
}

HOOKED int socketpair(int family, int type, int protocol, int *fds) {
    EARLY((int)early_answer(raw_syscall4(SYS_socketpair, family, type, protocol, (long)fds)));
    return opened_pair(CALL_socketpair, real.socketpair(family, type, protocol, fds), fds, CALLER());
}

HOOKED int socket(int family, int type, int protocol) {
    EARLY((int)early_answer(raw_syscall3(SYS_socket, family, type, protocol)));
    return opened(CALL_socket, real.socket(family, type, protocol), CALLER());
}

HOOKED int accept(int fd, void *address, void *address_bytes) {
    EARLY((int)early_answer(raw_syscall3(SYS_accept, fd, (long)address, (long)address_bytes)));
    return opened(CALL_accept, real.accept(fd, address, address_bytes), CALLER());
}

HOOKED int accept4(int fd, void *address, void *address_bytes, int flags) {
    EARLY((int)early_answer(raw_syscall4(SYS_accept4, fd, (long)address, (long)address_bytes, flags)));
    return opened(CALL_accept4, real.accept4(fd, address, address_bytes, flags), CALLER());
}

HOOKED ssize_t recvmsg(int fd, void *message, int flags) {
    EARLY(early_answer(raw_syscall3(SYS_recvmsg, fd, (long)message, flags)));
    ssize_t got = real.recvmsg(fd, message, flags);
    if (got >= 0)
        passed_record(CALL_recvmsg, message, CALLER());
    return got;
}

HOOKED int recvmmsg(int fd, void *messages, unsigned count, int flags, void *timeout) {
    EARLY((int)early_answer(raw_syscall5(SYS_recvmmsg, fd, (long)messages, count, flags, (long)timeout)));
    int got = real.recvmmsg(fd, messages, count, flags, timeout);
    if (got > 0)
        passed_record_many(CALL_recvmmsg, messages, (unsigned)got, CALLER());
    return got;
}
