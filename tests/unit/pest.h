// Signals at instants of chance for code under test: a timer that fires once, and is wound up again by the
// code it interrupts, between two pieces of its work. A timer with an interval would be due again before a
// handler that takes longer than that interval, on a slow machine or under sanitizers, has returned: the
// interrupted code would never get on.
#pragma once

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct pest {
    timer_t timer;
    long delay_ns; // from winding up to the signal
    int started;   // 0: there is no timer, winding it up does nothing
};

// The calling thread is the one that gets the signal.
__attribute__((unused)) static int pest_start(struct pest *pest, int signal, long delay_ns) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = signal};
    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    memset(pest, 0, sizeof *pest);
    pest->delay_ns = delay_ns;
    pest->started = timer_create(CLOCK_MONOTONIC, &event, &pest->timer) == 0;
    return pest->started ? 0 : -1;
}

// Does nothing while the timer has yet to fire. A forked child has no timers.
__attribute__((unused)) static void pest_wind_up(struct pest *pest) {
    struct itimerspec left = {.it_value.tv_nsec = 1}, once = {.it_value.tv_nsec = pest->delay_ns};
    if (pest->started && timer_gettime(pest->timer, &left) == 0 && left.it_value.tv_sec == 0 &&
        left.it_value.tv_nsec == 0)
        timer_settime(pest->timer, 0, &once, NULL);
}

// A signal that is due already may still come.
__attribute__((unused)) static void pest_stop(struct pest *pest) {
    if (pest->started)
        timer_delete(pest->timer);
    pest->started = 0;
}
