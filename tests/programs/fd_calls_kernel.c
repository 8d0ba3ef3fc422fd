// flags: -lutil
// Descriptors that stand for no file: sockets and what comes over them, terminals, events, processes, mounts
// and other things of the kernel, made by every function that does.
#define _GNU_SOURCE
#include "tests/programs/fd_cases.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

TWICE(socket, socket(AF_UNIX, SOCK_STREAM, 0))
TWICE(epoll_create, epoll_create(1))
TWICE(epoll_create1, epoll_create1(EPOLL_CLOEXEC))
TWICE(eventfd, eventfd(3, 0))
TWICE(timerfd_create, timerfd_create(CLOCK_MONOTONIC, 0))
TWICE(inotify_init, inotify_init())
TWICE(inotify_init1, inotify_init1(IN_CLOEXEC))
TWICE(fanotify_init, fanotify_init(FAN_CLASS_NOTIF, O_RDONLY))
TWICE(memfd_create, memfd_create("seep-test", MFD_CLOEXEC))
TWICE(pidfd_open, pidfd_open(getpid(), 0))
TWICE(fsopen, fsopen("tmpfs", 0))
TWICE(fspick, fspick(AT_FDCWD, "/", 0))
TWICE(open_tree, open_tree(AT_FDCWD, "/", OPEN_TREE_CLOEXEC))
TWICE(posix_openpt, posix_openpt(O_RDWR | O_NOCTTY))
TWICE(getpt, getpt())
TWICE(syscall_eventfd, (int)syscall(SYS_eventfd2, 1, 0))
TWICE(userfaultfd, (int)syscall(SYS_userfaultfd, O_CLOEXEC))

PAIR(socketpair, socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
PAIR(openpty, openpty(&fds[0], &fds[1], NULL, NULL, NULL))

CASE(signalfd) {
    sigset_t set;
    sigemptyset(&set);
    int fd = TRY(signalfd(-1, &set, 0));
    if (signalfd(fd, &set, 0) != fd) // the same one again
        abort();
    return 0;
}

CASE(pidfd_getfd) {
    int pidfd = TRY(pidfd_open(getpid(), 0));
    int fd = pidfd_getfd(pidfd, 0, 0);
    gone(close(pidfd));
    TRY(fd);
    return 0;
}

CASE(fsmount) {
    int context = TRY(fsopen("tmpfs", 0));
    int mount = fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0 ? fsmount(context, 0, 0) : -1;
    gone(close(context));
    TRY(mount);
    return 0;
}

static int listener(struct sockaddr_un *address) {
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "seep-test-%d", (int)getpid());
    if (fd < 0 || bind(fd, (struct sockaddr *)address, sizeof *address) != 0 || listen(fd, 5) != 0)
        abort();
    return fd;
}

CASE(accept) {
    struct sockaddr_un address;
    int server = TRY(listener(&address)), one = TRY(socket(AF_UNIX, SOCK_STREAM, 0)),
        two = TRY(socket(AF_UNIX, SOCK_STREAM, 0));
    if (connect(one, (struct sockaddr *)&address, sizeof address) != 0 ||
        connect(two, (struct sockaddr *)&address, sizeof address) != 0)
        abort();
    TRY(accept(server, NULL, NULL));
    TRY(accept4(server, NULL, NULL, SOCK_CLOEXEC));
    gone(close(server));
    gone(close(one));
    gone(close(two));
    return 0;
}

static void pass(int over, const int *fds, size_t count) {
    char control[CMSG_SPACE(8 * sizeof(int))] = {0}, byte = 'x';
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(head), fds, count * sizeof(int));
    if (sendmsg(over, &message, 0) != 1)
        abort();
}

// Of three that were sent there is room for two: the third never comes.
CASE(recvmsg) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        abort();
    TRY(pair[0]);
    TRY(pair[1]);
    pass(pair[0], (const int[]){0, 1, 2}, 3);
    _Alignas(struct cmsghdr) char control[CMSG_LEN(2 * sizeof(int))];
    char byte;
    struct iovec part = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    if (recvmsg(pair[1], &message, 0) != 1 || !(message.msg_flags & MSG_CTRUNC))
        abort();
    int fds[2];
    memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fds);
    TRY(fds[0]);
    TRY(fds[1]);
    gone(close(pair[0]));
    gone(close(pair[1]));
    return 0;
}

CASE(recvmmsg) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0)
        abort();
    TRY(pair[0]);
    TRY(pair[1]);
    pass(pair[0], (const int[]){0}, 1);
    pass(pair[0], (const int[]){1, 2}, 2);
    _Alignas(struct cmsghdr) char control[2][CMSG_SPACE(4 * sizeof(int))];
    char bytes[2];
    struct iovec parts[2] = {{&bytes[0], 1}, {&bytes[1], 1}};
    struct mmsghdr messages[2] = {0};
    for (int i = 0; i < 2; i++)
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i],
                                              .msg_iovlen = 1,
                                              .msg_control = control[i],
                                              .msg_controllen = sizeof control[i]};
    if (recvmmsg(pair[1], messages, 2, 0, NULL) != 2)
        abort();
    for (int i = 0; i < 3; i++)
        TRY(0); // three came
    gone(close(pair[0]));
    gone(close(pair[1]));
    return 0;
}

CASE(forkpty) {
    int master, status;
    pid_t child = forkpty(&master, NULL, NULL, NULL);
    if (child < 0)
        return -1;
    if (child == 0)
        _exit(0);
    TRY(master);
    waitpid(child, &status, 0);
    return 0;
}

CASE(io_uring_setup) {
    struct io_uring_params parameters = {0};
    TRY((int)syscall(SYS_io_uring_setup, 4, &parameters));
    return 0;
}

CASE(perf_event_open) { // five arguments and the group's flags must arrive
    struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE,
                                    .size = sizeof event,
                                    .config = PERF_COUNT_SW_TASK_CLOCK,
                                    .exclude_kernel = 1,
                                    .disabled = 1};
    int fd = TRY((int)syscall(SYS_perf_event_open, &event, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
    if (!(fcntl(fd, F_GETFD) & FD_CLOEXEC))
        abort();
    return 0;
}

static const struct fd_case cases[] = {
    C(socket, "socket"),
    C(socketpair, "socketpair"),
    C(accept, "accept"),
    C(recvmsg, "recvmsg"),
    C(recvmmsg, "recvmmsg"),
    C(epoll_create, "epoll_create"),
    C(epoll_create1, "epoll_create1"),
    C(eventfd, "eventfd"),
    C(syscall_eventfd, "eventfd"),
    C(signalfd, "signalfd"),
    C(timerfd_create, "timerfd_create"),
    C(inotify_init, "inotify_init"),
    C(inotify_init1, "inotify_init1"),
    C(fanotify_init, "fanotify_init"),
    C(memfd_create, "memfd_create"),
    C(pidfd_open, "pidfd_open"),
    C(pidfd_getfd, "pidfd_getfd"),
    C(fsopen, "fsopen"),
    C(fsmount, "fsmount"),
    C(fspick, "fspick"),
    C(open_tree, "open_tree"),
    C(posix_openpt, "posix_openpt"),
    C(getpt, "getpt"),
    C(openpty, "openpty"),
    C(forkpty, "forkpty"),
    C(userfaultfd, "userfaultfd"),
    C(io_uring_setup, "io_uring_setup"),
    C(perf_event_open, "perf_event_open"),
};

int main(void) {
    run_cases(cases, sizeof cases / sizeof *cases);
    return 0;
}
