// The threads of a process that ended and that nobody joined or detached: their stacks stay for ever.
#pragma once

#include "analyzer/process.h"
#include "analyzer/verdict/stop.h"

// Enters their stacks into the book of mappings, each under the call that made the thread. Everything in the
// rings of the stopped process must have been drained. What is in doubt is left out.
void process_find_lost_stacks(struct process *process, const struct stopped *stopped);
