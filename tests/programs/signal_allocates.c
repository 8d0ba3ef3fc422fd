// flags: -l:signal_safe_heap.so
// A timer's handler allocates and frees while main does the same in a tight loop, until it has run 3,000
// times: it interrupts every instruction of a recording hook sooner or later. Prints how often each was
// called: "ALLOCATIONS FREES BYTES KEPT". The handler keeps every tenth block; it also frees what main made
// and main what it made.
#define _GNU_SOURCE
#include "tests/programs/keep.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>

enum { RUNS = 3000, HANDLER_BYTES = 40, MAIN_BYTES = 24 };

static unsigned long long handler_allocations, handler_frees, handler_kept, runs;
static unsigned long long main_allocations, main_frees;
static void *exchange;

OWN_FRAME static void keep_in_handler(void) {
    keep(malloc(HANDLER_BYTES));
    AFTER_CALL;
}

static void handler(int signal) {
    int saved = errno;
    (void)signal;
    runs++;
    void *block = keep(malloc(HANDLER_BYTES));
    handler_allocations++;
    block = __atomic_exchange_n(&exchange, block, __ATOMIC_RELAXED);
    if (block) {
        free(block);
        handler_frees++;
    }
    if (runs % 10 == 0) {
        keep_in_handler();
        handler_kept++;
    }
    errno = saved;
}

OWN_FRAME static void main_round(void) {
    void *block = keep(malloc(MAIN_BYTES));
    void *other = keep(malloc(MAIN_BYTES));
    main_allocations += 2;
    free(block);
    main_frees++;
    other = __atomic_exchange_n(&exchange, other, __ATOMIC_RELAXED);
    if (other) {
        free(other);
        main_frees++;
    }
}

// Once: with an interval, a handler that takes longer than that would be followed by itself for ever.
static void set_timer(long microseconds) {
    struct itimerval timer = {.it_value.tv_usec = microseconds};
    MUST(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

int main(void) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    MUST(sigaction(SIGALRM, &action, NULL) == 0);
    unsigned long long seen, wound_up_at = RUNS;
    while ((seen = __atomic_load_n(&runs, __ATOMIC_RELAXED)) < RUNS) {
        if (seen != wound_up_at) {
            wound_up_at = seen;
            set_timer(50);
        }
        main_round();
    }
    sigset_t alarm_only;
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    sigprocmask(SIG_BLOCK, &alarm_only, NULL);
    char line[128];
    int length = snprintf(
        line, sizeof line, "%llu %llu %llu %llu\n", main_allocations + handler_allocations + handler_kept,
        main_frees + handler_frees,
        main_allocations * MAIN_BYTES + (handler_allocations + handler_kept) * HANDLER_BYTES, handler_kept);
    MUST(write(1, line, (size_t)length) == length);
    return 0;
}
