// See examine.h. Called by session.c, which then lets the process go on.
#include "analyzer/examine.h"
#include "analyzer/drain.h"
#include "analyzer/process_memory.h"
#include "analyzer/verdict/stop.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

bool examine_wanted(const struct examine_options *options) {
    return options->verdict || options->memory;
}

enum { STOP_TRIES = 20 };

// Stops it where no thread is within a realloc: 0 with everything drained, or -errno.
static int stop_and_drain(struct process *process, struct stopped *stopped) {
    bool is_our_child = process->parent_pid == getpid();
    for (int tries = 0; tries < STOP_TRIES; tries++) {
        int bad = stop_process(process->pid, is_our_child, stopped);
        if (bad)
            return bad;
        if (drain_standing(process->family, process))
            return 0;
        stop_go_on(stopped);
        nanosleep(&(struct timespec){.tv_nsec = 1000000 << (tries / 4)}, NULL);
    }
    return -EAGAIN;
}

static void look_at_the_heap(struct process *process) {
    struct stopped stopped;
    process->stop_error = process->unseen ? -ENOENT : stop_and_drain(process, &stopped);
    if (process->stop_error)
        return;
    process_look(process, true);
    process_harvest(process);
    process->pause_ns = stop_go_on(&stopped);
}

void process_examine(struct process *process, const struct examine_options *options) {
    if (options->verdict)
        look_at_the_heap(process);
    if (!process->looked_at_end) // it could not be stopped, or need not be
        process_look(process, true);
}
