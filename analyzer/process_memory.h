// The memory of a process, looked at while it is there.
#pragma once

#include "analyzer/process.h"

// Looks at what the process is resident for, now: the last look counts. Fails quietly: what was seen before
// stays, and this returns false. at_end: it does nothing of its own any more, or is not waited for any
// longer.
bool process_look(struct process *process, bool at_end);

// Notes which of the memory last seen its live blocks are in. Once, when its live set has settled. verdict:
// on that set; NULL: none.
void process_mark_blocks(struct process *process, const struct verdicts *verdict);

void process_forget_memory(struct process *process);
