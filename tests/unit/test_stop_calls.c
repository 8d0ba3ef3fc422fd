// links: analyzer/verdict/stop.c analyzer/verdict/cut_short.c analyzer/verdict/registers.c analyzer/verdict/task.c
// flags: -pthread
// System calls that wait while their process is stopped and let go: they go on waiting, however often; a
// signal with a handler interrupts them as ever.
#include "tests/lib/effort.h"
#include "tests/unit/stopped_child.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

enum { LONG_SECONDS = 100000, ONE_EVENT = 1 };

static const struct timespec long_time = {.tv_sec = LONG_SECONDS};
static int semaphores, messages; // of the test, which removes them

static long wait_epoll(void) {
    struct epoll_event event;
    return syscall(SYS_epoll_wait, epoll_create1(0), &event, ONE_EVENT, LONG_SECONDS * 1000);
}

static long wait_epoll_masked(void) {
    struct epoll_event event;
    sigset_t none;
    sigemptyset(&none);
    return syscall(SYS_epoll_pwait, epoll_create1(0), &event, ONE_EVENT, -1, &none, _NSIG / 8);
}

static long wait_epoll_exact(void) {
    struct epoll_event event;
    return syscall(SYS_epoll_pwait2, epoll_create1(0), &event, ONE_EVENT, &long_time, NULL, 0);
}

static long wait_signal(void) {
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGUSR2);
    return syscall(SYS_rt_sigtimedwait, &awaited, NULL, &long_time, _NSIG / 8);
}

static long wait_semaphore(void) {
    return syscall(SYS_semop, semaphores, &(struct sembuf){.sem_op = -1}, 1);
}

static long wait_semaphore_timed(void) {
    return syscall(SYS_semtimedop, semaphores, &(struct sembuf){.sem_op = -1}, 1, &long_time);
}

static long wait_events(void) {
    aio_context_t context = 0;
    struct io_event event;
    if (syscall(SYS_io_setup, 1, &context) != 0)
        return -1; // then errno is not EINTR, and the call is left out
    return syscall(SYS_io_getevents, context, 1, 1, &event, NULL);
}

static int timed_socket(int option) {
    int ends[2];
    struct timeval timeout = {.tv_sec = LONG_SECONDS};
    return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 &&
                   setsockopt(ends[0], SOL_SOCKET, option, &timeout, sizeof timeout) == 0
               ? ends[0]
               : -1;
}

static long wait_receive(void) {
    char byte;
    return syscall(SYS_recvfrom, timed_socket(SO_RCVTIMEO), &byte, 1, 0, NULL, NULL);
}

static long wait_read(void) {
    char byte;
    return syscall(SYS_read, timed_socket(SO_RCVTIMEO), &byte, 1);
}

static long wait_send(void) {
    static char bytes[1 << 16];
    int socket = timed_socket(SO_SNDTIMEO);
    while (send(socket, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
    }
    return syscall(SYS_sendto, socket, bytes, 1, 0, NULL, 0);
}

static long wait_message(void) {
    struct {
        long type;
        char text[8];
    } message;
    return syscall(SYS_msgrcv, messages, &message, sizeof message.text, 0, 0);
}

static long wait_poll(void) {
    return syscall(SYS_poll, NULL, 0, LONG_SECONDS * 1000);
}

static long wait_sleep(void) {
    return syscall(SYS_nanosleep, &long_time, NULL);
}

static const struct {
    const char *name;
    long number, again; // again: the number it waits under when it was interrupted
    long (*wait)(void);
} calls[] = {
    {"epoll_wait", SYS_epoll_wait, 0, wait_epoll},
    {"epoll_pwait", SYS_epoll_pwait, 0, wait_epoll_masked},
    {"epoll_pwait2", SYS_epoll_pwait2, 0, wait_epoll_exact},
    {"rt_sigtimedwait", SYS_rt_sigtimedwait, 0, wait_signal},
    {"semop", SYS_semop, 0, wait_semaphore},
    {"semtimedop", SYS_semtimedop, 0, wait_semaphore_timed},
    {"io_getevents", SYS_io_getevents, 0, wait_events},
    {"recv with a timeout", SYS_recvfrom, 0, wait_receive},
    {"read with a timeout", SYS_read, 0, wait_read},
    {"send with a timeout", SYS_sendto, 0, wait_send},
    {"msgrcv", SYS_msgrcv, 0, wait_message},
    {"poll", SYS_poll, SYS_restart_syscall, wait_poll},
    {"nanosleep", SYS_nanosleep, SYS_restart_syscall, wait_sleep},
};
enum { CALLS = sizeof calls / sizeof *calls };

struct waiting {
    _Atomic pid_t tid;
    _Atomic int error; // of the call: 0 as long as it waits
};
static struct waiting *waiting; // CALLS of them, shared

static void *wait_in_call(void *number) {
    size_t i = (uintptr_t)number;
    atomic_store(&waiting[i].tid, (pid_t)syscall(SYS_gettid));
    atomic_store(&waiting[i].error, calls[i].wait() < 0 ? errno : -1);
    for (;;)
        pause();
    return NULL;
}

static void does_nothing(int signal) {
    (void)signal;
}

static void wait_in_all_calls(void) {
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = does_nothing}, NULL);
    for (uintptr_t i = 0; i < CALLS; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, wait_in_call, (void *)i);
    }
    for (;;)
        pause();
}

static bool is_in_call(pid_t pid, size_t i) {
    char word[32];
    word_of_thread(pid, waiting[i].tid, "syscall", word, sizeof word);
    long number = word[0] >= '0' && word[0] <= '9' ? atol(word) : -1;
    return number == calls[i].number || (calls[i].again && number == calls[i].again);
}

static bool has_ended(size_t i) {
    return atomic_load(&waiting[i].error) != 0;
}

// What this kernel does not have ends at once, and not by EINTR.
static bool is_missing(size_t i) {
    return has_ended(i) && waiting[i].error != EINTR;
}

static void until_all_wait(pid_t pid) {
    for (size_t i = 0; i < CALLS; i++)
        WAIT_UNTIL((waiting[i].tid && is_in_call(pid, i) && state_of(pid, waiting[i].tid) == 'S') ||
                   has_ended(i));
}

static pid_t child_in_all_calls(void) {
    waiting = shared_memory(CALLS * sizeof *waiting);
    semaphores = semget(IPC_PRIVATE, 1, 0600);
    messages = msgget(IPC_PRIVATE, 0600);
    ck_assert(semaphores >= 0 && messages >= 0);
    return child_that(wait_in_all_calls);
}

static void remove_child(pid_t child) {
    be_rid_of(child);
    semctl(semaphores, 0, IPC_RMID);
    msgctl(messages, IPC_RMID, NULL);
}

static const char *that_was_interrupted(void) {
    for (size_t i = 0; i < CALLS; i++)
        if (has_ended(i) && !is_missing(i))
            return calls[i].name;
    return NULL;
}

START_TEST(calls_that_wait_go_on_waiting) {
    pid_t child = child_in_all_calls();
    const char *ended = NULL;
    int stops = effort_is_small() ? 20 : 200;
    for (int i = 0; i < stops && !ended; i++) {
        struct stopped stopped;
        until_all_wait(child);
        ck_assert_int_eq(stop_process(child, true, &stopped), 0);
        ck_assert_uint_eq(stopped.thread_count, CALLS + 1);
        stop_go_on(&stopped);
        until_all_wait(child);
        ended = that_was_interrupted();
    }
    remove_child(child);
    ck_assert_msg(!ended, "%s said EINTR", ended);
}
END_TEST

START_TEST(a_handler_interrupts_them_as_ever) {
    pid_t child = child_in_all_calls();
    struct stopped stopped;
    until_all_wait(child);
    ck_assert_int_eq(stop_process(child, true, &stopped), 0);
    for (size_t i = 0; i < CALLS; i++)
        ck_assert_int_eq(syscall(SYS_tgkill, child, waiting[i].tid, SIGUSR1), 0);
    stop_go_on(&stopped);
    for (size_t i = 0; i < CALLS; i++)
        WAIT_UNTIL(has_ended(i));
    size_t interrupted = 0;
    for (size_t i = 0; i < CALLS; i++)
        interrupted += waiting[i].error == EINTR;
    remove_child(child);
    ck_assert_uint_ge(interrupted, CALLS - 2); // io_getevents and epoll_pwait2 may be missing
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, calls_that_wait_go_on_waiting);
    tcase_add_test(tests, a_handler_interrupts_them_as_ever);
}
SEEP_TEST_MAIN("calls of a stopped process")
