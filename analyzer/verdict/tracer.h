// The thread of the analyzer that traces: a thread of a program that is stopped by a signal or by making
// another thread has to go on within microseconds, whatever the analyzer is doing. It tells who has come to
// its last moment (tracees.h), and holds it there until told to let it go.
#pragma once

#include "analyzer/verdict/tracees.h"

#include <stdbool.h>
#include <sys/types.h>

struct tracer;

// Starts the thread. SIGCHLD must be blocked in all threads of the process from before until after the
// tracer's life: it is in the caller's when this returns. ring: called by that thread when tracer_take has
// something new. NULL and errno if the system refuses.
struct tracer *tracer_new(void (*ring)(void *context), void *context);

// Everything that is still traced goes on untraced.
void tracer_free(struct tracer *tracer); // NULL is fine

// From now on the process is traced, and what it forks too if with_forks. It must not run exec meanwhile. 0
// or -errno, as stop_process.
int tracer_seize(struct tracer *tracer, pid_t pid, bool with_forks);

// Does it trace the process, as the kernel sees it?
bool tracer_traces(const struct tracer *tracer, pid_t pid);

// The next process that has come to its last moment, given back with tracer_release; NULL: there is none.
struct tracer_end *tracer_take(struct tracer *tracer);
void tracer_release(struct tracer *tracer, struct tracer_end *end);

// wait found no such child: did the tracer get its end, which can be had only once? It does of a child that
// died without a last moment.
bool tracer_reaped(struct tracer *tracer, pid_t pid, int *wait_status);
