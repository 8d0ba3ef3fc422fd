// Descriptors of files, streams, directories and pipes: opened, copied and closed by every function that
// does.
#define _GNU_SOURCE
#include "tests/programs/fd_cases.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

PAIR(pipe, pipe(fds))
PAIR(old_pipe, __pipe(fds))
PAIR(pipe2, pipe2(fds, O_CLOEXEC))
PAIR(syscall_pipe2, syscall(SYS_pipe2, fds, 0))

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

static const struct fd_case cases[] = {
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
    C(syscall_mmap, "open"),
    C(vfork, "open"),
};

int main(void) {
    run_cases(cases, sizeof cases / sizeof *cases);
    return 0;
}
