// The commands, as main.c calls them: one per COMMAND row of options.def. Each prints what it has to say, its
// errors as lines on stderr by complain(), and returns the exit status.
#pragma once

#include "analyzer/options.h"

// Statuses that seep gives by itself; a run that worked returns the program's own.
enum {
    STATUS_FAILED = 125,    // seep could not do its work, or its command line is bad
    STATUS_REFUSED = 126,   // the program can't be run under seep
    STATUS_NOT_FOUND = 127, // there is no such program
};

int command_run(const struct options *options);
int command_report(const struct options *options);
int command_check(const struct options *options);
int command_diff(const struct options *options);
int command_doctor(const struct options *options);
int command_help(const struct options *options);
int command_version(const struct options *options);
