// What a report says of a process's descriptors, beside its sites.
#pragma once

#include "analyzer/process.h"
#include "analyzer/report/report.h"
#include "analyzer/symbols/symbols.h"

// Fills fd, unattributed and misuses of *out, in the arena.
void assemble_descriptors(struct report_process *out, const struct process *process, struct symbols *symbols,
                          struct arena *arena);
