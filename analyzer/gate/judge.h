// The verdict on a report whose sites are marked: what counts, against what is allowed.
#pragma once

#include "analyzer/options.h"
#include "analyzer/report/report.h"

// Fills report->gate.
void gate_judge(struct report *report, const struct options *options);

// Was anything recorded at all? A gate must not pass because nothing was seen.
bool gate_saw_something(const struct report *report);
