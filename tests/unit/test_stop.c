// links: analyzer/verdict/stop.c analyzer/verdict/cut_short.c analyzer/verdict/registers.c analyzer/verdict/task.c
// flags: -pthread
// A process is stopped as a whole and goes on as if nothing had been; one that can't be is let be.
#include "tests/lib/effort.h"
#include "tests/unit/stopped_child.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>

static struct {
    _Atomic uint64_t steps; // of threads that run
    _Atomic int handled;    // signals
    _Atomic bool ready, released;
    _Atomic pid_t grandchild;
} * said; // shared with the child

static void share(void) {
    said = shared_memory(sizeof *said);
}

static void until_it_goes_on(void) {
    uint64_t before = atomic_load(&said->steps);
    WAIT_UNTIL(atomic_load(&said->steps) > before);
}

static void *ends_at_once(void *nothing) {
    return nothing;
}

static void *makes_threads(void *nothing) {
    for (;;) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, ends_at_once, NULL) == 0)
            pthread_join(thread, NULL);
        atomic_fetch_add(&said->steps, 1);
    }
    return nothing;
}

static void makes_threads_in_four(void) {
    pthread_t thread;
    for (int i = 0; i < 3; i++)
        pthread_create(&thread, NULL, makes_threads, NULL);
    makes_threads(NULL);
}

static void assert_all_stand(const struct stopped *stopped) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)stopped->pid);
    DIR *tasks = opendir(path);
    ck_assert_ptr_nonnull(tasks);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(tasks));) {
        char state = atoi(entry->d_name) > 0 ? state_of(stopped->pid, atoi(entry->d_name)) : 0;
        ck_assert_msg(!state || state == 't' || state == 'Z' || state == 'X', "a thread in state %c", state);
        count += state == 't';
    }
    closedir(tasks);
    ck_assert_uint_eq(count, stopped->thread_count);
}

START_TEST(threads_that_come_and_go_are_all_stopped) {
    share();
    pid_t child = child_that(makes_threads_in_four);
    int stops = effort_is_small() ? 10 : 100;
    for (int i = 0; i < stops; i++) {
        struct stopped stopped;
        until_it_goes_on();
        ck_assert_int_eq(stop_process(child, true, &stopped), 0);
        ck_assert_uint_ge(stopped.thread_count, 4);
        assert_all_stand(&stopped);
        uint64_t steps = atomic_load(&said->steps);
        for (size_t k = 0; k < stopped.thread_count; k++)
            ck_assert(stopped.threads[k].sp && stopped.threads[k].pc && stopped.threads[k].word_count);
        ck_assert_uint_eq(atomic_load(&said->steps), steps);
        ck_assert_uint_gt(stop_go_on(&stopped), 0);
    }
    until_it_goes_on();
    be_rid_of(child);
}
END_TEST

static void counts(void) {
    for (;;)
        atomic_fetch_add(&said->steps, 1);
}

START_TEST(a_process_that_was_stopped_stays_stopped) {
    share();
    pid_t child = child_that(counts);
    until_it_goes_on();
    kill(child, SIGSTOP);
    WAIT_UNTIL(state_of(child, child) == 'T');
    uint64_t steps = atomic_load(&said->steps);
    struct stopped stopped;
    ck_assert_int_eq(stop_process(child, true, &stopped), 0);
    stop_go_on(&stopped);
    WAIT_UNTIL(state_of(child, child) == 'T');
    ck_assert_uint_eq(atomic_load(&said->steps), steps);
    kill(child, SIGCONT);
    until_it_goes_on();
    be_rid_of(child);
}
END_TEST

static void handle(int signal) {
    (void)signal;
    atomic_fetch_add(&said->handled, 1);
}

static void handles_signals(void) {
    sigaction(SIGRTMIN, &(struct sigaction){.sa_handler = handle}, NULL);
    atomic_store(&said->ready, true);
    counts();
}

START_TEST(signals_that_come_meanwhile_are_delivered_after) {
    enum { EACH = 3 };
    share();
    pid_t child = child_that(handles_signals);
    WAIT_UNTIL(atomic_load(&said->ready));
    int rounds = effort_is_small() ? 10 : 100;
    for (int i = 0; i < rounds; i++) {
        struct stopped stopped;
        kill(child, SIGRTMIN); // on its way when it is asked to stop
        ck_assert_int_eq(stop_process(child, true, &stopped), 0);
        int handled = atomic_load(&said->handled);
        for (int k = 1; k < EACH; k++)
            kill(child, SIGRTMIN);
        ck_assert_int_eq(atomic_load(&said->handled), handled);
        stop_go_on(&stopped);
        WAIT_UNTIL(atomic_load(&said->handled) == (i + 1) * EACH);
    }
    until_it_goes_on();
    ck_assert_int_eq(atomic_load(&said->handled), rounds * EACH);
    be_rid_of(child);
}
END_TEST

static void *goes_on_alone(void *nothing) {
    counts();
    return nothing;
}

static void leaves_its_threads(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, goes_on_alone, NULL);
    pthread_exit(NULL);
}

static void *waits_for_an_event(void *nothing) {
    struct epoll_event event;
    int queue = epoll_create1(0);
    atomic_fetch_add(&said->steps, 1);
    epoll_wait(queue, &event, 1, -1);
    atomic_fetch_add(&said->handled, 1); // never
    return nothing;
}

static void ignores_signals(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, waits_for_an_event, NULL);
    counts();
}

START_TEST(signals_that_are_ignored_interrupt_nothing) {
    share();
    pid_t child = child_that(ignores_signals);
    int rounds = effort_is_small() ? 10 : 100;
    for (int i = 0; i < rounds; i++) {
        struct stopped stopped;
        until_it_goes_on();
        kill(child, SIGCHLD);
        ck_assert_int_eq(stop_process(child, true, &stopped), 0);
        kill(child, SIGCHLD);
        stop_go_on(&stopped);
        kill(child, SIGCHLD);
    }
    until_it_goes_on();
    ck_assert_int_eq(atomic_load(&said->handled), 0);
    be_rid_of(child);
}
END_TEST

START_TEST(threads_whose_first_is_gone_are_stopped) {
    share();
    pid_t child = child_that(leaves_its_threads);
    struct stopped stopped;
    until_it_goes_on();
    WAIT_UNTIL(state_of(child, child) == 'Z');
    ck_assert_int_eq(stop_process(child, true, &stopped), 0);
    ck_assert_uint_eq(stopped.thread_count, 1);
    stop_go_on(&stopped);
    until_it_goes_on();
    be_rid_of(child);
}
END_TEST

// Its parent can't be stopped before the child has executed or ended. SIGCHLD is ignored, but not while the
// thread that it is for is traced.
static void waits_for_a_vfork_child(void) {
    pthread_t thread;
    sigset_t ended;
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ended, NULL);
    pthread_create(&thread, NULL, waits_for_an_event, NULL);
    WAIT_UNTIL(atomic_load(&said->steps) > 0);
    if (vfork() == 0) {
        atomic_store(&said->ready, true);
        while (!atomic_load(&said->released))
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        _exit(0);
    }
    atomic_store(&said->released, false);
    for (;;)
        pause();
}

START_TEST(who_does_not_stop_is_given_up_and_let_go) {
    share();
    pid_t child = child_that(waits_for_a_vfork_child);
    struct stopped stopped;
    WAIT_UNTIL(atomic_load(&said->ready));
    ck_assert_int_eq(stop_process(child, true, &stopped), -ETIMEDOUT);
    atomic_store(&said->released, true);
    while (atomic_load(&said->released)) {
        stop_tend();
        a_moment();
    }
    ck_assert_int_eq(stop_process(child, true, &stopped), 0);
    ck_assert_uint_eq(stopped.thread_count, 2);
    stop_go_on(&stopped);
    ck_assert_int_eq(atomic_load(&said->handled), 0);
    be_rid_of(child);
}
END_TEST

static void lets_anybody_trace_it(void) {
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    counts();
}

START_TEST(who_is_traced_by_another_is_busy) {
    share();
    pid_t child = child_that(lets_anybody_trace_it);
    until_it_goes_on();
    pid_t tracer = fork();
    if (tracer == 0) {
        atomic_store(&said->ready, ptrace(PTRACE_SEIZE, child, NULL, NULL) == 0);
        for (;;)
            pause();
    }
    WAIT_UNTIL(atomic_load(&said->ready));
    struct stopped stopped;
    ck_assert_int_eq(stop_process(child, true, &stopped), -EBUSY);
    until_it_goes_on();
    be_rid_of(tracer);
    be_rid_of(child);
}
END_TEST

static void ends(void) {
    _exit(3);
}

START_TEST(who_has_ended_keeps_its_status) {
    pid_t child = child_that(ends);
    struct stopped stopped;
    WAIT_UNTIL(state_of(child, child) == 'Z');
    ck_assert_int_eq(stop_process(child, true, &stopped), -ESRCH);
    int status = end_of(child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    ck_assert_int_eq(stop_process(child, true, &stopped), -ESRCH);
}
END_TEST

// Its end comes while it is stopped, or between.
static void ends_with_threads(void) {
    pthread_t thread;
    for (int i = 0; i < 4; i++)
        pthread_create(&thread, NULL, ends_at_once, NULL);
    _exit(3);
}

START_TEST(an_end_on_the_way_keeps_its_status) {
    int rounds = effort_is_small() ? 10 : 100;
    for (int i = 0; i < rounds; i++) {
        pid_t child = child_that(ends_with_threads);
        struct stopped stopped;
        int bad = stop_process(child, true, &stopped);
        ck_assert(bad == 0 || bad == -ESRCH);
        if (!bad)
            stop_go_on(&stopped);
        int status = end_of(child);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    }
}
END_TEST

START_TEST(who_is_killed_while_it_stands_ends_by_that) {
    share();
    pid_t child = child_that(counts);
    struct stopped stopped;
    until_it_goes_on();
    ck_assert_int_eq(stop_process(child, true, &stopped), 0);
    kill(child, SIGKILL);
    stop_go_on(&stopped);
    int status = end_of(child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
END_TEST

static void waits_for_a_child(void) {
    pid_t child = child_that(makes_threads_in_four);
    atomic_store(&said->grandchild, child);
    int status = end_of(child);
    _exit(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 7 : 1);
}

// A tracer is told of the end first, and its parent only then.
START_TEST(who_is_killed_while_it_stands_is_left_to_its_parent) {
    share();
    pid_t parent = child_that(waits_for_a_child);
    struct stopped stopped;
    until_it_goes_on();
    WAIT_UNTIL(atomic_load(&said->grandchild) != 0);
    ck_assert_int_eq(stop_process(atomic_load(&said->grandchild), false, &stopped), 0);
    kill(stopped.pid, SIGKILL);
    stop_go_on(&stopped);
    int status;
    while (waitpid(parent, &status, WNOHANG) == 0) {
        stop_tend();
        a_moment();
    }
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, threads_that_come_and_go_are_all_stopped);
    tcase_add_test(tests, a_process_that_was_stopped_stays_stopped);
    tcase_add_test(tests, signals_that_come_meanwhile_are_delivered_after);
    tcase_add_test(tests, signals_that_are_ignored_interrupt_nothing);
    tcase_add_test(tests, threads_whose_first_is_gone_are_stopped);
    tcase_add_test(tests, who_does_not_stop_is_given_up_and_let_go);
    tcase_add_test(tests, who_is_traced_by_another_is_busy);
    tcase_add_test(tests, who_has_ended_keeps_its_status);
    tcase_add_test(tests, an_end_on_the_way_keeps_its_status);
    tcase_add_test(tests, who_is_killed_while_it_stands_ends_by_that);
    tcase_add_test(tests, who_is_killed_while_it_stands_is_left_to_its_parent);
}
SEEP_TEST_MAIN("stop")
