// What a process has open or mapped past the hooks, for the report: grouped by what it is and what it is of,
// since nobody knows who opened or mapped it. A leak is many of one sort.
#pragma once

#include "analyzer/arena.h"
#include "analyzer/process.h"
#include "analyzer/report/report.h"

// Fills unattributed_groups of *out, in the arena: descriptors, most first, then mappings, most bytes first.
// Descriptors if they are tracked and could be looked at; mappings likewise.
void unattributed_group(struct report_process *out, const struct process *process, struct arena *arena);
