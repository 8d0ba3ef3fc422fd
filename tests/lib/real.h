// Real programs, run without seep and with it, and held against each other: what they print, how they end,
// what they leave behind.
#pragma once

#include "tests/lib/under_seep.h"

enum { REAL_FILES = 8 };

struct real_job {
    const char *setup;             // script of tests/real, run by sh in the working directory before; or NULL
    struct command command;        // cwd is set by carry, a fresh directory each time
    const char *files[REAL_FILES]; // in the working directory, must be the same byte by byte
};

// The path of a program of the distribution; fails the test, and says what to do, if it is not installed.
const char *installed(const char *name);
// The name of the executable that a path leads to: gcc is x86_64-linux-gnu-gcc-12 on some systems.
const char *name_behind(const char *path);
// The path of a file of tests/real.
const char *real_input(const char *name);

// Removes every variable but those that tests need, so that a program does the same on every machine.
void clean_environment(void);

// Runs the job without seep and with it. Fails the test unless stdout, stderr, exit status and the files are
// the same, and the report is whole (see below).
struct seep_run carry(enum way way, const struct real_job *job);

// Every process's end is known, nothing of it was lost and no stack of it truncated; the report is exact.
void assert_whole(const json_t *report);

// The first process that began as this program, not as a fork of it; fails the test if there is none.
json_t *executed(const json_t *report, const char *name);

// Parent and child are both in the report as such.
void assert_child_of(const json_t *report, const char *child, const char *parent);
