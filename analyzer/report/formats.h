// From the options to files: which formats are written, and where each goes.
//
// Destinations: a format with =FILE goes there. Of those without, the text report, or if there is none the
// first, goes where -o says; else the text goes to stderr (for the report command, whose output it is, to
// stdout), others to stdout. %p in a file name stands for the pid and %% for a percent sign.
#pragma once

#include "analyzer/options.h"
#include "analyzer/report/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// Writes all outputs. Each file is whole or as it was before. 0, or -errno of the first output that failed
// (the others are written all the same) with a line in message: what, where, why; no newline.
int report_write_all(const struct report *report, const struct options *options, pid_t pid_for_percent_p,
                     char *message, size_t message_bytes);

// Does one of them show what stacks acquired and gave back (struct report_process, acquired)?
bool report_outputs_want_acquired(const struct options *options);

// Could they be written as things stand? Asked before the program is started, so that a run isn't lost to a
// slip of the pen. Changes nothing. 0, or -errno and a line in message: no such directory, no permission, two
// outputs in one place.
int report_outputs_check(const struct options *options, char *message, size_t message_bytes);
