// The gate: which sites of a finished report count, and whether they are too many. Works on the report alone,
// so that `seep run` and `seep check` on a saved report say the same.
//
//   suppressions take sites out; the baseline says which of the rest are known; what --fail-on names and
//   neither covers is held against --allow. A report that is not exact, or a process that could not be
//   followed, fails the gate too.
#pragma once

#include "analyzer/options.h"
#include "analyzer/report/report.h"

#include <stddef.h>

struct gate; // what the options ask for, and the files they name

// Reads the baseline and the suppressions. 0 and *out, which gate_close() releases; or -errno and a line in
// message, *out untouched. Called before a program is started, so that a malformed file costs no run. The
// options must outlive it.
int gate_open(const struct options *options, struct gate **out, char *message, size_t message_bytes);
void gate_close(struct gate *gate);

// Marks the report's sites (suppressed_by, baseline), moves what is suppressed in the totals of verdicts, and
// fills report->gate, if there is one, and report->remarks.
void gate_apply(struct gate *gate, struct report *report);

// What is left once the report is out: writes the baseline, if asked to. 0: passed; 1: the gate tripped;
// -errno and a line in message: the baseline could not be written, or a gate was asked for and no process was
// recorded.
// (Called by publish() and the check command.)
int gate_conclude(struct gate *gate, const struct report *report, char *message, size_t message_bytes);
