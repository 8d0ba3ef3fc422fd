// flags: -pthread
// Holds a block of 200 bytes, loses one of 100, and ends in a way of which libc's exit knows nothing, or
// nearly so: ends_unseen CASE
#define _GNU_SOURCE
#include "tests/programs/cases.h"
#include "tests/programs/lose.h"
#include "tests/programs/others.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

enum { THREADS = 1000, SIGNALS = 1000 };

static const char *program;
static void *volatile held;

static void raw_exit(int status) {
    syscall(SYS_exit_group, status);
}

static void exits_raw(void) {
    raw_exit(3);
}

static void *exits_with_zero(void *unused) {
    raw_exit(0);
    return unused;
}

static void a_thread_exits_raw(void) {
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, exits_with_zero, NULL) == 0);
    pthread_join(thread, NULL);
}

static void segfaults(void) {
    *(volatile int *)keep(NULL) = 1;
}

static void is_terminated(void) {
    kill(getpid(), SIGTERM);
    pause();
}

static void is_killed(void) {
    kill(getpid(), SIGKILL);
    pause();
}

static void fails_an_assertion(void) {
    freopen("/dev/null", "w", stderr);
    assert(held == NULL);
}

static void frees_twice(void) {
    int saved = open("/dev/null", O_WRONLY);
    dup2(saved, 2);
    close(saved);
    void *volatile block = malloc(50);
    free(block);
    free(block);
}

static void exits_by_libc(void) {
    exit(4);
}

static void *holds_on_its_stack(void *barrier) {
    void *volatile block = malloc(HELD);
    pthread_barrier_wait(barrier);
    for (;;)
        pause();
    return block;
}

static void threads_hold(void) {
    start_others(holds_on_its_stack);
    raw_exit(5);
}

static void execs_beside_threads(void) {
    start_others(holds_on_its_stack);
    execl(program, program, "exits_raw", (char *)NULL);
}

static void *runs_another_program(void *barrier) {
    static int first;
    pthread_barrier_wait(barrier);
    if (__atomic_fetch_add(&first, 1, __ATOMIC_SEQ_CST) == 0)
        execl(program, program, "exits_raw", (char *)NULL);
    for (;;)
        pause();
    return NULL;
}

static void a_thread_execs(void) {
    start_others(runs_another_program);
    for (;;)
        pause();
}

static void ends_with_its_last_thread(void) {
    end_with_last_thread(13);
}

static void *ends(void *unused) {
    return unused;
}

static void makes_threads(void) {
    for (int i = 0; i < THREADS; i++) {
        pthread_t thread;
        MUST(pthread_create(&thread, NULL, ends, NULL) == 0);
        MUST(pthread_join(thread, NULL) == 0);
    }
    raw_exit(6);
}

static volatile sig_atomic_t counted;

static void count(int signal) {
    (void)signal;
    counted = counted + 1;
}

static void gets_signals(void) {
    signal(SIGUSR1, count);
    for (int i = 0; i < SIGNALS; i++)
        raise(SIGUSR1);
    raw_exit(counted == SIGNALS ? 7 : 1);
}

// A signal that is ignored interrupts nothing, as if it had not come.
static void ignores_signals(void) {
    timer_t timer;
    struct itimerspec often = {.it_value = {.tv_nsec = 1000000}, .it_interval = {.tv_nsec = 1000000}};
    struct itimerspec once = {.it_value = {.tv_nsec = 50000000}};
    struct epoll_event event = {.events = EPOLLIN};
    int queue = epoll_create1(0), clock = timerfd_create(CLOCK_MONOTONIC, 0);
    struct sigevent how = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    signal(SIGUSR1, SIG_IGN);
    MUST(epoll_ctl(queue, EPOLL_CTL_ADD, clock, &event) == 0);
    MUST(timer_create(CLOCK_MONOTONIC, &how, &timer) == 0 && timer_settime(timer, 0, &often, NULL) == 0);
    MUST(timerfd_settime(clock, 0, &once, NULL) == 0);
    raw_exit(epoll_wait(queue, &event, 1, -1) == 1 ? 8 : 1);
}

static void stops_itself(void) {
    raise(SIGTSTP);
    raw_exit(9);
}

static void wants_to_be_traced(void) {
    raw_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1 && errno == EPERM ? 10 : 1);
}

// The child holds one of its own, and loses one.
static void forks(void) {
    int status;
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        held = malloc(HELD);
        lose();
        wipe_stack();
        raw_exit(12);
    }
    MUST(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 12);
    raw_exit(11);
}

static const struct program_case cases[] = {
    CASE(exits_raw),    CASE(a_thread_exits_raw),        CASE(segfaults),      CASE(is_terminated),
    CASE(is_killed),    CASE(fails_an_assertion),        CASE(frees_twice),    CASE(exits_by_libc),
    CASE(threads_hold), CASE(execs_beside_threads),      CASE(a_thread_execs), CASE(makes_threads),
    CASE(gets_signals), CASE(ignores_signals),           CASE(stops_itself),   CASE(wants_to_be_traced),
    CASE(forks),        CASE(ends_with_its_last_thread),
};

int main(int argc, char **argv) {
    MUST(argc >= 2);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    program = argv[0];
    held = malloc(HELD);
    lose();
    wipe_stack();
    named_case(cases, COUNT_OF(cases), argv[1])->run();
    return 2;
}
