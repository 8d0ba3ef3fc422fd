// links: analyzer/verdict/tracer.c analyzer/verdict/tracees.c analyzer/verdict/task.c analyzer/verdict/registers.c
// links: analyzer/verdict/traced.c analyzer/verdict/restart.c analyzer/verdict/cut_short.c
// flags: -pthread
//
// However a traced process ends, it is held in its last moment with all of its threads, and those who wait
// for it see what they would see without. Nothing else that happens to it is held up or changed.
#include "analyzer/verdict/tracer.h"
#include "preload/wire/atomic.h"
#include "tests/lib/effort.h"
#include "tests/lib/suite.h"
#include "tests/programs/others.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_THREAD__)
#define SANITIZED_THREADS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SANITIZED_THREADS 1
#endif
#endif
#ifndef SANITIZED_THREADS
#define SANITIZED_THREADS 0 // else there is a thread of the sanitizer's, and room for few in all
#endif

enum { THREADS = SANITIZED_THREADS ? 60 : 1000, SIGNALS = 2000 };

static int gate[2]; // the child begins when it can read
static sem_t rung;
static uint64_t word = 0x5eed;

static void ring(void *context) {
    (void)context;
    sem_post(&rung);
}

static void *waits(void *barrier) {
    pthread_barrier_wait(barrier);
    for (;;)
        pause();
    return NULL;
}

static void end_raw(int status) {
    syscall(SYS_exit_group, status);
}

static void exits(void) {
    start_others(waits);
    end_raw(3);
}

static void exits_with_zero(void) {
    start_others(waits);
    end_raw(0);
}

static void *exits_the_process(void *barrier) {
    pthread_barrier_wait(barrier);
    end_raw(4);
    return NULL;
}

// One that asks for the end while another's has begun may go at once: it is being killed, and who is does not
// stand still (ptrace_stop in the kernel). So at least the first of them stands, and who only waited.
static void others_exit(void) {
    start_others(exits_the_process);
    for (;;)
        pause();
}

static void crashes(void) {
    signal(SIGSEGV, SIG_DFL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    start_others(waits);
    raise(SIGSEGV);
}

static void is_told_to_end(void) {
    start_others(waits);
    kill(getpid(), SIGTERM);
    for (;;)
        pause();
}

static void is_killed(void) {
    start_others(waits);
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static void execs(void) {
    start_others(waits);
    execl("/bin/sh", "sh", "-c", "exit 5", (char *)NULL);
}

static void *runs_another(void *barrier) {
    static int first;
    pthread_barrier_wait(barrier);
    if (atomic_add_acq_rel(&first, 1) == 0)
        execl("/bin/sh", "sh", "-c", "exit 6", (char *)NULL);
    for (;;)
        pause();
    return NULL;
}

static void others_exec(void) {
    start_others(runs_another);
    for (;;)
        pause();
}

static void *ends(void *unused) {
    return unused;
}

static void *makes_threads(void *barrier) {
    pthread_barrier_wait(barrier);
    for (int i = 0; i < THREADS / OTHERS; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, ends, NULL) == 0)
            pthread_join(thread, NULL);
    }
    pthread_barrier_wait(barrier);
    for (;;)
        pause();
    return NULL;
}

static void makes_and_ends_threads(void) {
    static pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, OTHERS + 1);
    pthread_t thread;
    for (int i = 0; i < OTHERS; i++)
        pthread_create(&thread, NULL, makes_threads, &barrier);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    end_raw(7);
}

static volatile sig_atomic_t counted;

static void count(int signal) {
    (void)signal;
    counted = counted + 1;
}

static void gets_signals(void) {
    signal(SIGUSR1, count);
    signal(SIGURG, SIG_IGN);
    for (int i = 0; i < SIGNALS; i++)
        raise(i % 4 ? SIGUSR1 : SIGURG);
    end_raw(counted == SIGNALS - SIGNALS / 4 ? 8 : 1);
}

static void ends_with_its_last_thread(void) {
    end_with_last_thread(9);
}

// What stops and starts it is seen by its parent, and so is its end.
static void is_stopped_by_its_parent(void) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        for (;;)
            pause();
    }
    for (int i = 0; i < 20; i++) {
        kill(child, SIGSTOP);
        if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status) || WSTOPSIG(status) != SIGSTOP)
            end_raw(1);
        kill(child, SIGCONT);
        if (waitpid(child, &status, WCONTINUED) != child || !WIFCONTINUED(status))
            end_raw(2);
    }
    kill(child, SIGTERM);
    if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM)
        end_raw(3);
    end_raw(10);
}

static void kills_its_child(void) {
    int status;
    pid_t child = fork();
    if (child == 0)
        is_killed();
    if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        end_raw(1);
    end_raw(11);
}

static void wants_to_be_traced(void) {
    end_raw(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1 && errno == EPERM ? 12 : 1);
}

static const struct life {
    const char *name;
    void (*runs)(void);
    int status;     // as wait gives it
    int held;       // threads that stand in its last moment, at least; 0: it has none that is held
    bool is_unsure; // its status is not known then
    int children;   // forked, that have a last moment
} lives[] = {
    {"exits", exits, 3 << 8, 1 + OTHERS, false, 0},
    {"exits_with_zero", exits_with_zero, 0, 1 + OTHERS, false, 0},
    {"others_exit", others_exit, 4 << 8, 1 + 1, false, 0},
    {"crashes", crashes, SIGSEGV, 1 + OTHERS, false, 0},
    {"is_told_to_end", is_told_to_end, SIGTERM, 1 + OTHERS, false, 0},
    {"is_killed", is_killed, SIGKILL, 0, false, 0},
    {"execs", execs, 5 << 8, 0, false, 0},
    {"others_exec", others_exec, 6 << 8, 0, false, 0},
    {"makes_and_ends_threads", makes_and_ends_threads, 7 << 8, 1 + OTHERS, false, 0},
    {"gets_signals", gets_signals, 8 << 8, 1, false, 0},
    {"ends_with_its_last_thread", ends_with_its_last_thread, 9 << 8, 1, true, 0},
    {"is_stopped_by_its_parent", is_stopped_by_its_parent, 10 << 8, 1, false, 1},
    {"kills_its_child", kills_its_child, 11 << 8, 1, false, 0},
    {"wants_to_be_traced", wants_to_be_traced, 12 << 8, 1, false, 0},
};
enum { LIVES = sizeof lives / sizeof *lives };

static pid_t start(void (*runs)(void)) {
    char byte;
    ck_assert_int_eq(pipe(gate), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child)
        return child;
    signal(SIGTERM, SIG_DFL); // has a handler of the test frame's
    if (read(gate[0], &byte, 1) == 1)
        runs();
    _exit(99);
}

static void *returns(void *unused) {
    return unused;
}

static void *keeps_making_threads(void *unused) {
    struct pollfd open = {.fd = gate[0], .events = POLLIN};
    pthread_t thread;
    while (poll(&open, 1, 0) == 0)
        if (pthread_create(&thread, NULL, returns, NULL) == 0)
            pthread_join(thread, NULL);
    return unused;
}

// From its start on, until the gate opens.
static void makes_threads_at_once(void) {
    pthread_t thread;
    for (int i = 0; i < OTHERS; i++)
        pthread_create(&thread, NULL, keeps_making_threads, NULL);
    keeps_making_threads(NULL);
    end_raw(13);
}

static bool can_be_read(pid_t pid) {
    uint64_t copy = 0;
    struct iovec here = {&copy, sizeof copy}, there = {&word, sizeof word};
    return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)sizeof copy && copy == word;
}

static size_t threads_of(pid_t pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    ck_assert_ptr_nonnull(tasks);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(tasks));)
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static void assert_stands(const struct tracer_end *end, const struct life *life) {
    ck_assert_int_eq(end->error, 0);
    ck_assert_int_eq(end->status_known, !life->is_unsure);
    if (!life->is_unsure)
        ck_assert_int_eq(end->wait_status, life->status);
    ck_assert_uint_ge(end->stopped.thread_count, (size_t)life->held);
    if (!life->is_unsure) // else its first thread lies there, dead
        ck_assert_uint_eq(end->stopped.thread_count, threads_of(end->pid));
    for (size_t i = 0; i < end->stopped.thread_count; i++) {
        ck_assert(end->stopped.threads[i].tls && end->stopped.threads[i].sp);
        ck_assert_uint_gt(end->stopped.threads[i].word_count, 0);
    }
    ck_assert(can_be_read(end->stopped.threads[0].tid));
}

// As the session waits for its own child. SIGCHLD is the tracer's.
static int status_of(struct tracer *tracer, pid_t child) {
    int status = -1;
    struct pollfd over = {.fd = (int)syscall(SYS_pidfd_open, child, 0), .events = POLLIN};
    ck_assert_int_ge(over.fd, 0);
    ck_assert_int_eq(poll(&over, 1, -1), 1);
    close(over.fd);
    if (waitpid(child, &status, WNOHANG) != child)
        ck_assert(tracer_reaped(tracer, child, &status));
    return status;
}

static struct tracer_end *next_end(struct tracer *tracer) {
    while (sem_wait(&rung) != 0)
        ;
    struct tracer_end *end = tracer_take(tracer);
    ck_assert_ptr_nonnull(end);
    return end;
}

START_TEST(each_life_is_as_without_and_held_at_its_end) {
    const struct life *life = &lives[_i];
    if (SANITIZED_THREADS && life->is_unsure) // its last thread is the sanitizer's
        return;
    sem_init(&rung, 0, 0);
    pid_t child = start(life->runs); // before there is another thread
    struct tracer *tracer = tracer_new(ring, NULL);
    ck_assert_ptr_nonnull(tracer);
    ck_assert_int_eq(tracer_seize(tracer, child, true), 0);
    ck_assert(tracer_traces(tracer, child));
    ck_assert_int_eq(write(gate[1], "", 1), 1);
    for (int i = 0; i < life->children; i++) {
        struct tracer_end *end = next_end(tracer);
        ck_assert_int_ne(end->pid, child);
        ck_assert(can_be_read(end->pid));
        tracer_release(tracer, end);
    }
    if (life->held) {
        struct tracer_end *end = next_end(tracer);
        ck_assert_int_eq(end->pid, child);
        assert_stands(end, life);
        tracer_release(tracer, end);
    }
    ck_assert_msg(status_of(tracer, child) == life->status, "%s", life->name);
    ck_assert_ptr_null(tracer_take(tracer));
    tracer_free(tracer);
}
END_TEST

// The kernel seizes a thread with its maker: it is known to be traced before it was met.
START_TEST(threads_that_come_while_their_process_is_seized_are_held_too) {
    sem_init(&rung, 0, 0);
    for (int i = 0; i < (effort_is_small() ? 10 : 100); i++) {
        ck_assert_int_eq(pipe(gate), 0);
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0)
            makes_threads_at_once();
        struct tracer *tracer = tracer_new(ring, NULL);
        usleep((useconds_t)(i % 10) * 100); // in the midst of it
        ck_assert_int_eq(tracer_seize(tracer, child, true), 0);
        ck_assert_int_eq(write(gate[1], "", 1), 1);
        struct tracer_end *end = next_end(tracer);
        ck_assert_int_eq(end->error, 0);
        tracer_release(tracer, end);
        ck_assert_int_eq(status_of(tracer, child), 13 << 8);
        tracer_free(tracer);
        close(gate[0]);
        close(gate[1]);
    }
}
END_TEST

START_TEST(who_is_traced_already_or_gone_is_refused) {
    pid_t traced = start(exits), dead = start(exits);
    ck_assert_int_eq(ptrace(PTRACE_SEIZE, traced, NULL, NULL), 0);
    kill(dead, SIGKILL);
    ck_assert_int_eq(waitpid(dead, NULL, 0), dead);
    struct tracer *tracer = tracer_new(ring, NULL);
    ck_assert_int_eq(tracer_seize(tracer, traced, false), -EBUSY);
    ck_assert_int_eq(tracer_seize(tracer, dead, false), -ESRCH);
    tracer_free(tracer);
    kill(traced, SIGKILL);
    ck_assert_int_eq(waitpid(traced, NULL, 0), traced);
}
END_TEST

// Whoever is held or runs when the tracer goes, goes on.
START_TEST(the_tracers_end_lets_everything_go) {
    sem_init(&rung, 0, 0);
    pid_t held = start(exits), running = start(is_told_to_end);
    struct tracer *tracer = tracer_new(ring, NULL);
    ck_assert_int_eq(tracer_seize(tracer, held, false), 0);
    ck_assert_int_eq(tracer_seize(tracer, running, false), 0);
    ck_assert_int_eq(write(gate[1], "", 1), 1); // the second's gate
    tracer_release(tracer, next_end(tracer));
    int status;
    kill(held, SIGSTOP);
    tracer_free(tracer);
    kill(held, SIGKILL);
    ck_assert_int_eq(waitpid(held, &status, 0), held);
    ck_assert_int_eq(status, SIGKILL);
    ck_assert_int_eq(waitpid(running, &status, 0), running);
    ck_assert_int_eq(status, SIGTERM);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, each_life_is_as_without_and_held_at_its_end, 0, LIVES);
    tcase_add_test(tests, threads_that_come_while_their_process_is_seized_are_held_too);
    tcase_add_test(tests, who_is_traced_already_or_gone_is_refused);
    tcase_add_test(tests, the_tracers_end_lets_everything_go);
}
SEEP_TEST_MAIN("tracer")
