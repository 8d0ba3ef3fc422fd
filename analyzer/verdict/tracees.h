// Processes that are traced from their start to their end: every thread is let go on at once, whatever stops
// it, until the process ends. Then each of its threads stands in its last stop (PTRACE_EVENT_EXIT), where its
// memory, its descriptors and its registers are still as the program left them, however it ended. Belongs to
// one thread, the tracer; tracer.h is what others see.
//
// A thread's own end and an exec go on unseen. SIGKILL is let through as well: who sends it wants the end
// now, and the kernel may have begun to take the memory away.
#pragma once

#include "analyzer/verdict/stop.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// A process in its last moment.
struct tracer_end {
    pid_t pid;
    int error; // 0: it stands; else it went on unseen: -ETIMEDOUT a thread did not come, -ECANCELED one had
               // gone on because another seemed to replace the program, -EPERM one could not be traced
    bool status_known;
    int wait_status;         // as wait will give it
    struct stopped stopped;  // valid if there is no error
    struct tracer_end *next; // for whoever holds it
};

struct tracees;

// Whom it tells. `ended` takes the end over and gives it back to tracees_release; `reaped`: a leader's end
// was waited for, since it did not come by its last stop.
struct tracees_listener {
    void (*ended)(void *context, struct tracer_end *end);
    void (*reaped)(void *context, pid_t pid, int wait_status);
    void *context;
};

struct tracees *tracees_new(const struct tracees_listener *listener);
// Leaves to the kernel to let go of what is still traced: when the calling thread ends.
void tracees_free(struct tracees *tracees);

// From now on the process is traced. with_forks: whatever it forks, too (not vfork children). 0 or -errno, as
// stop_process.
int tracees_seize(struct tracees *tracees, pid_t pid, bool with_forks);

// Takes everything that wait has to tell.
void tracees_take(struct tracees *tracees);

// Looks after processes that have begun to end. Returns in how many milliseconds it wants to be called again;
// -1: not.
int tracees_tend(struct tracees *tracees);

// The process may be gone now.
void tracees_release(struct tracer_end *end);
