// flags: -pthread
// What programs do with descriptors, one behaviour for each argument; what seep must say stands in
// tests/e2e/test_descriptors.c.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static long raw3(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

static __attribute__((noinline)) int open_one(void) {
    int fd = open("/dev/null", O_RDONLY);
    __asm__ volatile("" : "+r"(fd)); // no tail call: this function is to be on the stack
    return fd;
}

// A descriptor that raw system calls opened, one that they closed, one that they closed and opened again.
static void raw(void) {
    raw3(SYS_dup, 0, 0, 0);
    raw3(SYS_close, open_one(), 0, 0);
}

static __attribute__((noinline)) void close_first(int fd) {
    close(fd);
    __asm__ volatile("");
}

static __attribute__((noinline)) void close_second(int fd) {
    close(fd);
    __asm__ volatile("nop"); // nor the same code as the other's
}

static void twice(void) {
    int fd = open_one();
    close_first(fd);
    close_second(fd);
    close_second(777); // was never open
    close(-1);         // what many do: nobody's mistake
}

// As daemons do.
static void sweep(void) {
    for (int fd = 100; fd < 1100; fd++)
        close(fd);
    int fd = fcntl(0, F_DUPFD, 200);
    for (int at = 300; at >= 100; at--)
        close(at);
    if (fcntl(fd, F_GETFD) != -1)
        abort();
}

static void wait_for(pid_t pid) {
    int status;
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        abort();
}

// The child closes one that it inherited, keeps the others and opens one.
static void forks(void) {
    int mine = open_one(), other = open_one();
    open_one();
    pid_t child = fork();
    if (child == 0) {
        close(mine);
        dup(other);
        exit(0);
    }
    wait_for(child);
}

// Started again with "inherited": it must find exactly what had no FD_CLOEXEC.
static void executes(const char *self) {
    open("/dev/null", O_RDONLY | O_CLOEXEC);
    open_one();
    pid_t child;
    char *const argv[] = {(char *)self, "inherited", NULL};
    if (posix_spawn(&child, self, NULL, NULL, argv, environ) != 0)
        abort();
    wait_for(child);
    execv(self, argv);
}

static void described(void) {
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    if (lseek(fd, 7, SEEK_SET) != 7)
        abort();
    int watch = inotify_init1(0), wait = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, 0),
        pair[2], ends[2];
    inotify_add_watch(watch, "/tmp", IN_CREATE);
    inotify_add_watch(watch, "/", IN_CREATE);
    struct itimerspec later = {.it_value.tv_sec = 1000};
    timerfd_settime(timer, 0, &later, NULL);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(wait, EPOLL_CTL_ADD, timer, &event);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || pipe(ends) != 0)
        abort();
    socket(AF_INET, SOCK_DGRAM, 0);
}

// In a signal handler, while the interrupted code opens and closes too.
static volatile sig_atomic_t handled;

static void handle(int signal) {
    (void)signal;
    close(open_one());
    handled++;
}

static void *interrupts(void *thread) {
    for (int i = 0; i < 50; i++) {
        pthread_kill(*(pthread_t *)thread, SIGUSR1);
        while (handled <= i)
            sched_yield();
    }
    return NULL;
}

static void signals(void) {
    pthread_t self = pthread_self(), other;
    signal(SIGUSR1, handle);
    pthread_create(&other, NULL, interrupts, &self);
    while (handled < 50)
        close(open_one());
    pthread_join(other, NULL);
    printf("%d\n", (int)handled);
}

static void *opens_and_closes(void *unused) {
    int mine[8];
    for (int i = 0; i < 2000; i++) {
        for (int k = 0; k < 8; k++)
            mine[k] = open_one();
        for (int k = 0; k < 8; k++)
            close(mine[k]);
    }
    open_one();
    return unused;
}

static void threads(void) {
    pthread_t all[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&all[i], NULL, opens_and_closes, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(all[i], NULL);
}

static void atfork_open(void) {
    open_one();
}

static void atfork_child(void) {
    open_one();
}

static void atfork(void) {
    pthread_atfork(atfork_open, NULL, atfork_child);
    pid_t child = fork();
    if (child == 0)
        exit(0);
    wait_for(child);
}

static void near_limit(void) {
    struct rlimit limit = {.rlim_cur = 100, .rlim_max = 100};
    setrlimit(RLIMIT_NOFILE, &limit);
    while (open_one() >= 0)
        ;
    if (errno != EMFILE)
        abort();
}

// As a shell does for `command >/dev/null`, a daemon for its input; and one that is forgotten on the way.
static void streams(void) {
    int kept = dup(1), other = open_one();
    dup2(other, 1);
    dup2(kept, 1);
    close(kept);
    close(other);
    close(0);
    if (open_one() != 0)
        abort();
    dup2(1, 300);
}

static void killed(void) {
    open_one();
    open_one();
    raise(SIGKILL);
}

int main(int argc, char **argv) {
    const char *way = argc > 1 ? argv[1] : "";
    static const struct {
        const char *name;
        void (*run)(void);
    } ways[] = {{"raw", raw},         {"twice", twice},         {"sweep", sweep},
                {"forks", forks},     {"described", described}, {"signals", signals},
                {"threads", threads}, {"atfork", atfork},       {"near_limit", near_limit},
                {"killed", killed},   {"streams", streams}};
    if (strcmp(way, "inherited") == 0)
        return 0;
    if (strcmp(way, "executes") == 0)
        executes(argv[0]);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(way, ways[i].name) == 0) {
            ways[i].run();
            return 0;
        }
    return 2;
}
