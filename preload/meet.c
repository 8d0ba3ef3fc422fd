// See meet.h. Called once, by the constructor. Raw system calls only, so that errno and libc's state stay as
// they are; a process without a free descriptor simply fails to meet.
#include "preload/meet.h"
#include "preload/analyzer_path.h"
#include "preload/main_program.h"
#include "preload/raw.h"
#include "preload/wire/hello.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

static void close_fd(int fd) {
    raw_syscall1(SYS_close, fd);
}

static long retry(long nr, long a, long b, long c) {
    long result;
    do
        result = raw_syscall3(nr, a, b, c);
    while (result == -EINTR);
    return result;
}

// An analyzer that hangs or was stopped must not keep programs from starting. Generous: on a loaded machine
// it may take its time.
static void limit_waits(int fd) {
    struct timeval limit = {.tv_sec = 30};
    raw_syscall5(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, (long)&limit, sizeof limit);
    raw_syscall5(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, (long)&limit, sizeof limit);
}

static int say_hello(int fd) {
    struct rlimit limit = {.rlim_cur = RLIM_INFINITY};
    raw_syscall4(SYS_prlimit64, 0, RLIMIT_AS, 0, (long)&limit);
    struct wire_hello hello = {.magic = WIRE_HELLO_MAGIC,
                               .version = WIRE_VERSION,
                               .pid = (uint32_t)raw_syscall0(SYS_getpid),
                               .address_space = limit.rlim_cur,
                               .socket = (uint32_t)fd};
    const char *program = main_program_by_loader() ? main_program_path() : "";
    struct iovec parts[2] = {{&hello, sizeof hello}, {(void *)program, strlen(program)}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    long sent = retry(SYS_sendmsg, fd, (long)&message, MSG_NOSIGNAL);
    return sent >= (long)sizeof hello ? 0 : sent < 0 ? (int)sent : -EPROTO;
}

// The answer and its two descriptors, board first; text receives what follows the answer (the session's
// path).
static int hear_answer(int fd, struct wire_answer *answer, int fds[2], char *text, unsigned text_bytes) {
    union {
        char bytes[CMSG_SPACE(2 * sizeof(int))];
        struct cmsghdr align;
    } control;
    char rest[PATH_MAX];
    struct iovec parts[2] = {{answer, sizeof *answer}, {rest, sizeof rest - 1}};
    struct msghdr message = {
        .msg_iov = parts, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = sizeof control};
    long got = retry(SYS_recvmsg, fd, (long)&message, MSG_CMSG_CLOEXEC);
    if (got < (long)sizeof *answer) // nothing: it does not want us, or is gone
        return got < 0 ? (int)got : got == 0 ? -ECONNREFUSED : -EPROTO;
    if (answer->magic != WIRE_HELLO_MAGIC || answer->version != WIRE_VERSION ||
        answer->answer == ANSWER_FAILED)
        return -EPROTONOSUPPORT;
    if (answer->answer != ANSWER_WELCOME)
        return -ECANCELED;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (!head || head->cmsg_type != SCM_RIGHTS || head->cmsg_len < CMSG_LEN(2 * sizeof(int))) {
        if (head && head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof(int))) {
            memcpy(fds, CMSG_DATA(head), sizeof(int));
            close_fd(fds[0]);
        }
        return -EMFILE; // the kernel leaves out descriptors that find no number
    }
    memcpy(fds, CMSG_DATA(head), 2 * sizeof(int));
    unsigned keep = (unsigned)(got - (long)sizeof *answer);
    if (text) {
        keep = keep < text_bytes ? keep : text_bytes - 1;
        memcpy(text, rest, keep);
        text[keep] = '\0';
    }
    return 0;
}

// Where Yama restricts ptrace to ancestors, this lets in an analyzer that is none, before it answers: it may
// want to trace from the start. A program that names a tracer of its own later keeps that one. Not done again
// in a forked child: it may be in a sandbox already.
static void let_in(long analyzer) {
    if (analyzer > 0) // else it has no id here
        raw_syscall5(SYS_prctl, PR_SET_PTRACER, analyzer, 0, 0, 0);
}

static int map_both(const struct wire_answer *answer, const int fds[2], struct wire_memory **memory,
                    struct wire_board **board) {
    // Reserved whole, readable nowhere yet but in its header: mlockall must not fill it.
    long at =
        raw_syscall6(SYS_mmap, 0, (long)answer->bytes, PROT_NONE, MAP_SHARED | MAP_NORESERVE, fds[1], 0);
    if (raw_failed(at))
        return (int)at;
    long page = raw_syscall6(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
    int bad =
        raw_failed(page) ? (int)page : (int)raw_syscall3(SYS_mprotect, at, 4096, PROT_READ | PROT_WRITE);
    if (!bad && (((struct wire_memory *)at)->magic != WIRE_MEMORY_MAGIC ||
                 ((struct wire_board *)page)->magic != WIRE_BOARD_MAGIC))
        bad = -EPROTO;
    if (bad) {
        raw_syscall2(SYS_munmap, at, (long)answer->bytes);
        if (!raw_failed(page))
            raw_syscall2(SYS_munmap, page, 4096);
        return bad;
    }
    raw_syscall3(SYS_madvise, at, (long)answer->bytes, MADV_DONTDUMP);
    *memory = (struct wire_memory *)at;
    *board = (struct wire_board *)page;
    return 0;
}

static int meet_over(int fd, struct wire_memory **memory, struct wire_board **board, char *text,
                     unsigned text_bytes) {
    struct wire_answer answer = {0};
    int fds[2];
    int bad = say_hello(fd);
    if (!bad)
        bad = hear_answer(fd, &answer, fds, text, text_bytes);
    if (bad)
        return bad == -EAGAIN ? -ETIMEDOUT : bad;
    bad = map_both(&answer, fds, memory, board);
    close_fd(fds[0]);
    close_fd(fds[1]);
    return bad;
}

// Who listens at the other end, by the kernel's word.
static long listener(int fd) {
    struct ucred peer = {0};
    socklen_t length = sizeof peer;
    raw_syscall5(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, (long)&peer, (long)&length);
    return peer.pid;
}

int meet_session(const char *socket_path, struct wire_memory **memory, struct wire_board **board,
                 int *connection) {
    *connection = -1;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(socket_path);
    if (length >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    memcpy(address.sun_path, socket_path, length + 1);
    long fd = raw_syscall3(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return (int)fd;
    limit_waits((int)fd);
    int bad = (int)retry(SYS_connect, fd, (long)&address, sizeof address);
    if (!bad) {
        let_in(listener((int)fd));
        bad = meet_over((int)fd, memory, board, NULL, 0);
    }
    *connection = (int)fd;
    return bad;
}

void meet_end(int connection, int bad) {
    if (connection < 0)
        return;
    if (bad) {
        struct wire_regret regret = {.magic = WIRE_HELLO_MAGIC, .error = -bad};
        struct iovec part = {&regret, sizeof regret};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        retry(SYS_sendmsg, connection, (long)&message, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    close_fd(connection);
}

// A child that sends no signal when it ends and that wait without __WALL does not see.
static long quiet_fork(void) {
    return raw_syscall6(SYS_clone, 0, 0, 0, 0, 0, 0);
}

// In the first child: leaves a grandchild that becomes the analyzer, a child of init in a session of its own,
// and says who that is.
static __attribute__((noreturn)) void become_analyzer(const char *path, int fd, char *const envp[]) {
    long analyzer = quiet_fork();
    if (analyzer != 0) {
        raw_syscall6(SYS_sendto, fd, (long)&analyzer, sizeof analyzer, MSG_NOSIGNAL, 0, 0);
        raw_syscall1(SYS_exit_group, 0);
    }
    raw_syscall0(SYS_setsid);
    uint64_t none = 0;
    raw_syscall4(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, (long)&none, 0, sizeof none);
    raw_syscall3(SYS_fcntl, fd, F_SETFD, 0);
    // This address space is a copy: the analyzer's environment is the program's without what would preload us
    // there.
    const char **keep = (const char **)envp;
    for (char *const *entry = envp; *entry; entry++)
        if (strncmp(*entry, "LD_PRELOAD=", 11) != 0 && strncmp(*entry, "SEEP_SESSION=", 13) != 0)
            *keep++ = *entry;
    *keep = NULL;
    char number[16], *digit = number + sizeof number - 1;
    *digit = '\0';
    do
        *--digit = (char)('0' + fd % 10);
    while (fd /= 10);
    char *argv[] = {(char *)path, (char *)"--serve", digit, NULL};
    raw_syscall3(SYS_execve, (long)path, (long)argv, (long)envp);
    raw_syscall1(SYS_exit_group, 127);
    __builtin_unreachable();
}

int meet_own_analyzer(char *const envp[], struct wire_memory **memory, struct wire_board **board,
                      char *socket_path, unsigned socket_path_bytes, int *connection) {
    *connection = -1;
    char path[PATH_MAX];
    int bad = analyzer_path(path, sizeof path);
    if (bad)
        return bad;
    int pair[2];
    bad = (int)raw_syscall4(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, (long)pair);
    if (bad)
        return bad;
    long child = quiet_fork();
    if (child == 0)
        become_analyzer(path, pair[1], envp);
    close_fd(pair[1]);
    limit_waits(pair[0]);
    if (child > 0) {
        while (raw_syscall4(SYS_wait4, child, 0, __WALL, 0) == -EINTR)
            ;
        long analyzer = 0; // its maker has said so before it ended
        raw_syscall6(SYS_recvfrom, pair[0], (long)&analyzer, sizeof analyzer, MSG_DONTWAIT, 0, 0);
        let_in(analyzer);
        bad = meet_over(pair[0], memory, board, socket_path, socket_path_bytes);
    } else {
        bad = (int)child;
    }
    *connection = pair[0];
    return bad;
}
