// Runs a program under seep, in each way a user can, and gives its report as JSON.
// Every report that is read here is first held against the contract's invariants.
#pragma once

#include "tests/lib/run.h"

#include <jansson.h>

enum way {
    WAY_RUN,     // seep run -- PROGRAM
    WAY_PRELOAD, // LD_PRELOAD=libseep.so PROGRAM
    WAYS,        // for tcase_add_loop_test: a test runs once for each
};

enum { SEEP_OPTION_WORDS = 8 };

struct seep_job {
    struct command program;
    const char *options[SEEP_OPTION_WORDS]; // words of the command line or of SEEP_OPTIONS; without spaces
    const char *preloaded;                  // a library for LD_PRELOAD, behind seep's; NULL: none
    bool text_too;                          // keep the text report as well
};

struct seep_run {
    struct outcome outcome; // of the program in WAY_PRELOAD, of seep in WAY_RUN
    json_t *report;
    json_t *process; // the entry of the program that was named; NULL: none
};

// Where this job's report goes.
const char *report_path(void);
struct running *seep_start(enum way way, const struct seep_job *job);
// Waits for the end and for the report.
struct seep_run seep_finish(struct running *running, const struct seep_job *job);
struct seep_run seep_run_job(enum way way, const struct seep_job *job);

// The common case: a program of tests/programs with arguments. SEEP(way, "heap_calls", "malloc_zero")
#define SEEP(way, name, ...)                                                                                 \
    seep_run_job((way), &(struct seep_job){.program = {.argv = {program_path(name), ##__VA_ARGS__}}})

// The same with one argument, NULL: none. Fails the test unless the program ends with 0 and its report is
// exact.
struct seep_run exact_run(enum way way, const char *program, const char *argument);

// The pid of the analyzer that serves this test's program; fails the test when there is none.
pid_t analyzer_pid(void);
