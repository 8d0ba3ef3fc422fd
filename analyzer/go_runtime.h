// What Go's runtime acquires through C for itself: threads and what libc keeps for them, the Go heap's
// mappings. It keeps them on purpose until the process ends, so they are no program's leak, whatever points
// at them.
#pragma once

#include "analyzer/report/report.h"

#include <stdbool.h>

bool site_is_go_runtimes(const struct report_site *site);

// Marks a process's sites of that kind as suppressed, and counts their blocks so.
void go_runtime_set_aside(struct report_process *process);
