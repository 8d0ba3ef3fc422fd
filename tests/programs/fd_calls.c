// flags: -lutil
// Opens descriptors by every function that does, closes some of them by every function that does, and leaves
// some open. Prints for each case how many it leaves and by which call; then what it opened and closed in
// all. A case that this kernel or sandbox does not allow is left out with a line.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <mntent.h>
#include <mqueue.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

int __open(const char *path, int flags, ...);
int __open64(const char *path, int flags, ...);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int directory, const char *path, int flags);
int __openat64_2(int directory, const char *path, int flags);
mqd_t __mq_open_2(const char *name, int flags);
int __close(int fd);
int __dup2(int fd, int to);
int __fcntl(int fd, int command, ...);
int __pipe(int fds[2]);
FILE *_IO_fopen(const char *path, const char *mode);
int _IO_fclose(FILE *stream);
FILE *_IO_popen(const char *command, const char *mode);
FILE *__setmntent(const char *path, const char *mode);
int __endmntent(FILE *stream);
pid_t __vfork(void) __attribute__((returns_twice));

static int opened, closed, left;

// Counts what a call gave and passes it on; a case that the system doesn't allow ends here.
#define TRY(fd)                                                                                              \
    ({                                                                                                       \
        int got_ = (fd);                                                                                     \
        if (got_ < 0)                                                                                        \
            return -1;                                                                                       \
        opened++;                                                                                            \
        left++;                                                                                              \
        got_;                                                                                                \
    })

static void gone(int result) {
    if (result != 0)
        abort();
    closed++;
    left--;
}

#define CASE(name) static __attribute__((noinline)) int case_##name(void)

// One left open, one closed.
#define TWICE(name, call)                                                                                    \
    CASE(name) {                                                                                             \
        TRY(call);                                                                                           \
        gone(close(TRY(call)));                                                                              \
        return 0;                                                                                            \
    }

#define NULLDEV "/dev/null"
TWICE(open, open(NULLDEV, O_RDONLY))
TWICE(open64, open64(NULLDEV, O_RDONLY))
TWICE(old_open, __open(NULLDEV, O_RDONLY))
TWICE(old_open64, __open64(NULLDEV, O_RDONLY))
TWICE(open_2, __open_2(NULLDEV, O_RDONLY))
TWICE(open64_2, __open64_2(NULLDEV, O_RDONLY))
TWICE(openat, openat(AT_FDCWD, NULLDEV, O_RDONLY))
TWICE(openat64, openat64(AT_FDCWD, NULLDEV, O_RDONLY))
TWICE(openat_2, __openat_2(AT_FDCWD, NULLDEV, O_RDONLY))
TWICE(openat64_2, __openat64_2(AT_FDCWD, NULLDEV, O_RDONLY))
TWICE(creat, creat(NULLDEV, 0600))
TWICE(creat64, creat64(NULLDEV, 0600))
TWICE(dup, dup(0))
TWICE(fcntl, fcntl(0, F_DUPFD, 10))
TWICE(fcntl64, fcntl64(0, F_DUPFD_CLOEXEC, 10))
TWICE(old_fcntl, __fcntl(0, F_DUPFD, 10))
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

CASE(open_mode) { // the mode has to get through
    struct stat status;
    char path[64];
    snprintf(path, sizeof path, "/tmp/seep-test-mode-%d", (int)getpid());
    umask(0);
    int directory = TRY(open("/tmp", O_RDONLY | O_DIRECTORY));
    int fd = TRY(openat(directory, path, O_CREAT | O_RDWR, 0640));
    if (fstat(fd, &status) != 0 || (status.st_mode & 0777) != 0640)
        abort();
    unlink(path);
    gone(close(directory));
    return 0;
}

CASE(open_by_handle_at) {
    struct {
        struct file_handle handle;
        char room[128];
    } name = {.handle = {.handle_bytes = 128}};
    int mount;
    if (name_to_handle_at(AT_FDCWD, "/tmp", &name.handle, &mount, 0) != 0)
        return -1;
    int directory = TRY(open("/tmp", O_RDONLY));
    int fd = open_by_handle_at(directory, &name.handle, O_RDONLY);
    gone(close(directory));
    TRY(fd);
    return 0;
}

CASE(shm_open) {
    TRY(shm_open("/seep-test-fd-calls", O_CREAT | O_RDWR, 0600));
    shm_unlink("/seep-test-fd-calls");
    return 0;
}

CASE(mq_open) {
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
    int queue = TRY(mq_open("/seep-test-fd-calls", O_CREAT | O_RDWR, 0600, &attributes));
    TRY(__mq_open_2("/seep-test-fd-calls", O_RDWR));
    gone(mq_close(queue));
    mq_unlink("/seep-test-fd-calls");
    return 0;
}

static int temporary(int (*make)(char *), const char *form) {
    char name[64];
    snprintf(name, sizeof name, "%s", form);
    int fd = make(name);
    if (fd >= 0)
        unlink(name);
    return fd;
}

static int plain(char *name) {
    return mkstemp(name);
}

static int plain64(char *name) {
    return mkstemp64(name);
}

static int with_suffix(char *name) {
    return mkstemps(name, 2);
}

static int with_suffix64(char *name) {
    return mkstemps64(name, 2);
}

static int with_flags(char *name) {
    return mkostemp(name, O_CLOEXEC);
}

static int with_flags64(char *name) {
    return mkostemp64(name, O_CLOEXEC);
}

static int with_both(char *name) {
    return mkostemps(name, 2, O_CLOEXEC);
}

static int with_both64(char *name) {
    return mkostemps64(name, 2, O_CLOEXEC);
}

TWICE(mkstemp, temporary(plain, "/tmp/seep-test-XXXXXX"))
TWICE(mkstemp64, temporary(plain64, "/tmp/seep-test-XXXXXX"))
TWICE(mkstemps, temporary(with_suffix, "/tmp/seep-test-XXXXXX.x"))
TWICE(mkstemps64, temporary(with_suffix64, "/tmp/seep-test-XXXXXX.x"))
TWICE(mkostemp, temporary(with_flags, "/tmp/seep-test-XXXXXX"))
TWICE(mkostemp64, temporary(with_flags64, "/tmp/seep-test-XXXXXX"))
TWICE(mkostemps, temporary(with_both, "/tmp/seep-test-XXXXXX.x"))
TWICE(mkostemps64, temporary(with_both64, "/tmp/seep-test-XXXXXX.x"))

CASE(close) {
    gone(__close(TRY(open(NULLDEV, O_RDONLY))));
    gone(syscall(SYS_close, TRY(open(NULLDEV, O_RDONLY))));
    return 0;
}

CASE(close_range) {
    int fds[3];
    for (int i = 0; i < 3; i++)
        fds[i] = TRY(fcntl(0, F_DUPFD, 500));
    if (close_range(500, 501, CLOSE_RANGE_CLOEXEC) != 0) // closes nothing
        return -1;
    if (close_range(501, 502, 0) != 0 || fcntl(fds[1], F_GETFD) != -1 || close_range(9, 8, 0) == 0)
        abort();
    closed += 2;
    left -= 2;
    return 0;
}

CASE(closefrom) {
    TRY(fcntl(0, F_DUPFD, 600));
    TRY(fcntl(0, F_DUPFD, 700));
    closefrom(600);
    closed += 2;
    left -= 2;
    return 0;
}

CASE(dup2) { // the second takes the place of the first, which counts as closed
    TRY(dup2(0, 300));
    TRY(dup2(1, 300));
    closed++;
    left--;
    if (dup2(300, 300) != 300 || dup2(999, 300) != -1)
        abort();
    TRY(__dup2(0, 301));
    TRY(syscall(SYS_dup2, 0, 302));
    return 0;
}

CASE(dup3) {
    TRY(dup3(0, 310, O_CLOEXEC));
    TRY(dup3(1, 310, 0));
    closed++;
    left--;
    return 0;
}

#define PAIR(name, call)                                                                                     \
    CASE(name) {                                                                                             \
        int fds[2];                                                                                          \
        if ((call) != 0)                                                                                     \
            return -1;                                                                                       \
        TRY(fds[0]);                                                                                         \
        gone(close(TRY(fds[1])));                                                                            \
        return 0;                                                                                            \
    }
PAIR(pipe, pipe(fds))
PAIR(old_pipe, __pipe(fds))
PAIR(pipe2, pipe2(fds, O_CLOEXEC))
PAIR(socketpair, socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
PAIR(openpty, openpty(&fds[0], &fds[1], NULL, NULL, NULL))
PAIR(syscall_pipe2, syscall(SYS_pipe2, fds, 0))

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

#define STREAM(name, open, close)                                                                            \
    CASE(name) {                                                                                             \
        FILE *one = open, *two = open;                                                                       \
        TRY(one ? fileno(one) : -1);                                                                         \
        TRY(two ? fileno(two) : -1);                                                                         \
        gone(close(two));                                                                                    \
        return 0;                                                                                            \
    }

static int ended(FILE *mounts) { // endmntent returns 1, always
    return endmntent(mounts) - 1;
}

static int old_ended(FILE *mounts) {
    return __endmntent(mounts) - 1;
}

STREAM(fopen, fopen(NULLDEV, "r"), fclose)
STREAM(fopen64, fopen64(NULLDEV, "r"), fclose)
STREAM(old_fopen, _IO_fopen(NULLDEV, "r"), _IO_fclose)
STREAM(tmpfile, tmpfile(), fclose)
STREAM(tmpfile64, tmpfile64(), fclose)
STREAM(popen, popen("exit 0", "r"), pclose)
STREAM(old_popen, _IO_popen("exit 0", "r"), pclose)
STREAM(setmntent, setmntent("/proc/mounts", "r"), ended)
STREAM(old_setmntent, __setmntent("/proc/mounts", "r"), old_ended)

// Each closes the descriptor that the stream had and opens another.
CASE(freopen) {
    FILE *stream = fopen(NULLDEV, "r");
    TRY(fileno(stream));
    if (!freopen("/dev/zero", "r", stream))
        abort();
    gone(0);
    TRY(fileno(stream));
    if (!freopen64(NULLDEV, "r", stream))
        abort();
    gone(0);
    TRY(fileno(stream));
    if (freopen("/nowhere/at/all", "r", stream)) // closed all the same
        abort();
    gone(0);
    stream = fopen(NULLDEV, "r");
    TRY(fileno(stream));
    freopen("/dev/zero", "r", stream);
    gone(0);
    TRY(fileno(stream));
    return 0;
}

// A stream or a directory made of a descriptor takes it over.
CASE(fdopen) {
    gone(fclose(fdopen(TRY(open(NULLDEV, O_RDONLY)), "r")));
    gone(closedir(fdopendir(TRY(open("/", O_RDONLY | O_DIRECTORY)))));
    char buffer[8];
    FILE *memory = fmemopen(buffer, sizeof buffer, "w"); // has none
    fclose(memory);
    return 0;
}

CASE(opendir) {
    DIR *one = opendir("/"), *two = opendir("/");
    TRY(dirfd(one));
    TRY(dirfd(two));
    gone(closedir(two));
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

// Six arguments, through the part of the hook that looks at nothing.
CASE(syscall_mmap) {
    int fd = TRY(open("/proc/self/exe", O_RDONLY));
    char *page = (char *)syscall(SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    if (page == MAP_FAILED || memcmp(page, "\177ELF", 4) != 0)
        abort();
    char second[4], *later = (char *)syscall(SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 4096);
    if (pread(fd, second, 4, 4096) != 4 || memcmp(later, second, 4) != 0)
        abort();
    gone(close(fd));
    if (syscall(SYS_close, 12345) != -1 || errno != EBADF)
        abort();
    return 0;
}

// What a vfork child does to its descriptors is not its parent's; what it does before exec and exit least of
// all.
CASE(vfork) {
    int status, fd = TRY(open(NULLDEV, O_RDONLY));
    for (int i = 0; i < 2; i++) {
        pid_t child = i ? vfork() : __vfork();
        if (child == 0) {
            close(fd);
            dup2(1, 400);
            open(NULLDEV, O_RDONLY);
            _exit(7);
        }
        if (child < 0 || waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 7)
            abort();
    }
    if (fcntl(fd, F_GETFD) < 0)
        abort();
    gone(close(TRY(dup(fd)))); // and its own are again
    return 0;
}

static const struct {
    const char *name, *call;
    int (*run)(void);
} cases[] = {
#define C(name, call)                                                                                        \
    { #name, call, case_##name }
    C(open, "open"),
    C(open64, "open"),
    C(old_open, "open"),
    C(old_open64, "open"),
    C(open_2, "open"),
    C(open64_2, "open"),
    C(openat, "openat"),
    C(openat64, "openat"),
    C(openat_2, "openat"),
    C(openat64_2, "openat"),
    C(creat, "creat"),
    C(creat64, "creat"),
    C(open_mode, "openat"),
    C(open_by_handle_at, "open_by_handle_at"),
    C(shm_open, "shm_open"),
    C(mq_open, "mq_open"),
    C(mkstemp, "mkstemp"),
    C(mkstemp64, "mkstemp"),
    C(mkstemps, "mkstemps"),
    C(mkstemps64, "mkstemps"),
    C(mkostemp, "mkostemp"),
    C(mkostemp64, "mkostemp"),
    C(mkostemps, "mkostemps"),
    C(mkostemps64, "mkostemps"),
    C(close, "open"),
    C(close_range, "fcntl"),
    C(closefrom, "fcntl"),
    C(dup, "dup"),
    C(dup2, "dup2"),
    C(dup3, "dup3"),
    C(fcntl, "fcntl"),
    C(fcntl64, "fcntl"),
    C(old_fcntl, "fcntl"),
    C(pipe, "pipe"),
    C(old_pipe, "pipe"),
    C(pipe2, "pipe2"),
    C(syscall_pipe2, "pipe2"),
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
    C(fopen, "fopen"),
    C(fopen64, "fopen"),
    C(old_fopen, "fopen"),
    C(freopen, "freopen"),
    C(tmpfile, "tmpfile"),
    C(tmpfile64, "tmpfile"),
    C(popen, "popen"),
    C(old_popen, "popen"),
    C(setmntent, "setmntent"),
    C(old_setmntent, "setmntent"),
    C(fdopen, "open"),
    C(opendir, "opendir"),
    C(userfaultfd, "userfaultfd"),
    C(io_uring_setup, "io_uring_setup"),
    C(perf_event_open, "perf_event_open"),
    C(syscall_mmap, "open"),
    C(vfork, "open"),
};

int main(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        left = 0;
        if (cases[i].run() != 0)
            fprintf(stderr, "SKIP %s: %s\n", cases[i].name, strerror(errno));
        fprintf(stderr, "CASE %s %s %d\n", cases[i].name, cases[i].call, left);
    }
    fprintf(stderr, "TOTAL %d %d\n", opened, closed);
    return 0;
}
