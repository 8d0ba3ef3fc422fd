// flags: -pthread
// Ends in one of the ways there are, after leaking one block of 100 bytes: ends CASE [PROGRAM]
#define _GNU_SOURCE
#include "tests/programs/cases.h"
#include "tests/programs/keep.h"

#include <pthread.h>
#include <signal.h>

static const char *program;

OWN_FRAME static void leak_before_end(void) {
    keep(malloc(100));
    AFTER_CALL;
}

OWN_FRAME static void leak_at_exit(void) {
    keep(malloc(10));
    AFTER_CALL;
}

static void returns(void) {
}

static void exits(void) {
    exit(41);
}

static void *thread_that_exits(void *unused) {
    (void)unused;
    exit(42);
}

static void exits_in_a_thread(void) {
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, thread_that_exits, NULL) == 0);
    for (;;)
        pause();
}

static void allocates_in_an_exit_handler(void) {
    MUST(atexit(leak_at_exit) == 0);
    exit(43);
}

static void underscore_exits(void) {
    _exit(44);
}

static void capital_exits(void) {
    _Exit(45);
}

static void quick_exits(void) {
    MUST(at_quick_exit(leak_at_exit) == 0);
    quick_exit(46);
}

static void aborts(void) {
    abort();
}

static void segfaults(void) {
    *(volatile int *)keep(NULL) = 1;
}

static void kills_itself(void) {
    kill(getpid(), SIGKILL);
    pause();
}

static void terminates_itself(void) {
    raise(SIGTERM);
}

static void catches_and_exits_on_signal(void) {
    signal(SIGTERM, _exit);
    raise(SIGTERM);
}

static void *thread_that_outlives_main(void *main_thread) {
    pthread_join(*(pthread_t *)main_thread, NULL);
    leak_at_exit();
    return NULL;
}

static void ends_with_its_last_thread(void) {
    static pthread_t self, thread;
    self = pthread_self();
    MUST(pthread_create(&thread, NULL, thread_that_outlives_main, &self) == 0);
    pthread_exit(NULL);
}

static void execs(void) {
    execl(program, program, (char *)NULL);
    MUST(0);
}

static void waits_to_be_killed(void) {
    char line[32];
    int length = snprintf(line, sizeof line, "ready %d\n", (int)getpid());
    MUST(write(1, line, (size_t)length) == length);
    for (;;)
        pause();
}

static const struct program_case cases[] = {
    CASE(returns),
    CASE(exits),
    CASE(exits_in_a_thread),
    CASE(allocates_in_an_exit_handler),
    CASE(underscore_exits),
    CASE(capital_exits),
    CASE(quick_exits),
    CASE(aborts),
    CASE(segfaults),
    CASE(kills_itself),
    CASE(terminates_itself),
    CASE(catches_and_exits_on_signal),
    CASE(ends_with_its_last_thread),
    CASE(execs),
    CASE(waits_to_be_killed),
};

int main(int argc, char **argv) {
    MUST(argc >= 2);
    program = argv[argc - 1];
    leak_before_end();
    named_case(cases, COUNT_OF(cases), argv[1])->run();
    return 40;
}
