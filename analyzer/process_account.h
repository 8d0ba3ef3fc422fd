// What the report says of where a process's memory went.
#pragma once

#include "analyzer/arena.h"
#include "analyzer/process.h"
#include "analyzer/report/memory.h"

// The account of a finished process, in the arena; NULL if it was never looked at. report: the process as far
// as it has been reported, its sites with their ids.
struct report_memory *process_account(const struct process *process, const struct report_process *report,
                                      struct arena *arena);
