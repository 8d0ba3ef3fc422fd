// Looks at the memory of processes while they run: who is killed has no last moment to be looked at. Adaptive
// and cheap: a look when a process has grown or shrunk by an eighth, and in all at most a hundredth of the
// time. Of what takes more than a quarter of a second to look at, some 10 GiB, only the size is asked.
#pragma once

#include "analyzer/process.h"

#include <stddef.h>

// Several times a second, with processes of which some may have ended. Looks at those that are due, as long
// as a few milliseconds last.
void sample_memory(struct process *const *processes, size_t count);
