// What is looked at while a process stands still at its end (preload/last.c): everything that can't be known
// once it is gone. Each kind of resource has its own room; this is the list of them.
#pragma once

#include "analyzer/foresight.h"
#include "analyzer/process.h"
#include "analyzer/verdict/stop.h"

#include <stdbool.h>

struct examine_options {
    bool verdict;     // stop all its threads, and look for pointers to its blocks
    bool trace_all;   // with verdict: trace every process from its start, to see it end however it does
    bool memory;      // read what it is resident for
    bool descriptors; // look at what it has open
    int board_fd;     // of the session, which each process has mapped
    struct foresight *foresight; // begins with the process's stacks (foresight.h); NULL: it is not the last
};

// Does any of these need a process to stand still?
bool examine_wanted(const struct examine_options *options);

// The process stands; forks that it made have been discovered. Fills what belongs into it. Its events up to
// now have been drained as far as they were published; its other threads run on but while they are stopped.
void process_examine(struct process *process, const struct examine_options *options);

// A process that was brought to its last moment by being traced.
struct examine_held {
    const struct stopped *stopped; // until go_on
    int error;                     // it could not be held: stop_process's, and this is all that is kept
    void (*go_on)(void *context);  // called once, when its memory is not needed any more
    void *context;
};

// The same for such a process. Its other threads stand, too; it goes on only to end.
void process_examine_held(struct process *process, const struct examine_options *options,
                          const struct examine_held *held);
