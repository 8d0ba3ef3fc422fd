// The end of a run and of what reads saved reports: the gate judges, the outputs are written, and the exit
// status follows.
#pragma once

#include "analyzer/gate/gate.h"
#include "analyzer/options.h"
#include "analyzer/report/report.h"

#include <sys/types.h>

// Complains about what fails. status: what it would be without a gate. Returns 125 if seep failed,
// --exit-code if the gate tripped, else status.
int publish(struct report *report, struct gate *gate, const struct options *options, pid_t pid_for_percent_p,
            int status);
