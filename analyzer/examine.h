// What is looked at while a process stands still at its end (preload/last.c): everything that can't be known
// once it is gone. Each kind of resource has its own room; this is the list of them.
#pragma once

#include "analyzer/process.h"

#include <stdbool.h>

struct examine_options {
    bool verdict;     // stop all its threads, and look for pointers to its blocks
    bool memory;      // read what it is resident for
    bool descriptors; // look at what it has open
    int board_fd;     // of the session, which each process has mapped
};

// Does any of these need a process to stand still?
bool examine_wanted(const struct examine_options *options);

// The process stands; forks that it made have been discovered. Fills what belongs into it. Its events up to
// now have been drained as far as they were published; its other threads run on but while they are stopped.
void process_examine(struct process *process, const struct examine_options *options);
