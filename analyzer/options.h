// The command line and SEEP_OPTIONS, as data. options.def is the one table: from it come the parser, the help
// texts and the manual. Options of issues to come stand in it too, marked as not there yet, and are refused
// with a clear message.
#pragma once

#include "analyzer/report/report.h"
#include "preload/wire/layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum command {
    COMMAND_RUN,
    COMMAND_REPORT,
    COMMAND_CHECK,
    COMMAND_DIFF,
    COMMAND_DOCTOR,
    COMMAND_HELP,
    COMMAND_VERSION
};

enum { TRACK_HEAP = WIRE_TRACK_HEAP, TRACK_FD = WIRE_TRACK_FD, TRACK_MAP = WIRE_TRACK_MAP };

// --show: a bit per verdict, 1u << VERDICT_...
typedef uint32_t show_set;

struct output { // one --format NAME[=FILE]
    const char *format;
    const char *file; // NULL: stdout, or where -o says
};

// What --allow lets pass of one kind. With both given, both must hold; with neither nothing passes.
struct allowance {
    bool count_given, bytes_given;
    uint64_t count, bytes;
};

struct options {
    enum command command;
    const char *output;     // -o FILE, may hold %p; NULL: stderr
    struct output *formats; // at least one: "text" if none was given
    size_t format_count;
    bool format_given; // -f or -o stood on the command line
    uint32_t track;    // TRACK_ bits
    bool track_given;  // --track stood on the command line
    uint32_t depth;    // frames kept of a stack, 2 to WIRE_DEPTH_MAX
    bool follow_children;
    bool verdict; // look for pointers at the end
    bool trace;   // and trace every process to its end, not only Go programs
    bool verdict_given;
    show_set show;
    uint32_t top;            // sites printed per kind, 0 for all
    const char *source_root; // --source-root DIR: where the sources lie; NULL: see report/listing.h
    bool debuginfod;         // --debuginfod: ask the servers for missing debug information
    bool fail_on_given;      // there is a gate
    show_set fail_on;        // the kinds that trip it; with new: those of any
    bool fail_on_new;        // "new" was among the words: a baseline must be given
    struct allowance allow[VERDICTS];
    bool allow_inexact;
    const char *baseline, *write_baseline; // NULL: none
    const char **suppressions;             // files
    size_t suppression_count;
    uint32_t exit_code;     // status when the gate trips
    int verbosity;          // -q -1, -v +1
    const char **arguments; // what follows the options: PROGRAM ARG..., or files; NULL-terminated
    size_t argument_count;
    void *storage; // SEEP_OPTIONS' words, which the strings above point into; NULL: they are argv's
};

// Parses argv[1..]. On success 0 and *out filled (release with options_free). A bad command line: -EINVAL and
// a line in message (what, on what, what to do; no newline), *out untouched. `seep COMMAND --help` gives
// COMMAND_HELP with arguments[0] = COMMAND. The strings of *out point into argv. A message may quote what was
// typed: escape it to show it.
int options_parse(int argc, char **argv, struct options *out, char *message, size_t message_bytes);

// The same words from SEEP_OPTIONS for a program started with LD_PRELOAD alone: split at white space, with
// single and double quotes and backslash as in a shell; command is COMMAND_RUN, without a PROGRAM. NULL means
// no options.
int options_parse_environment(const char *words, struct options *out, char *message, size_t message_bytes);

void options_free(struct options *options);

// Help on stdout-ready text, generated from options.def: of one command, or of all when command is NULL.
// NULL if there is no such command. The caller frees.
char *options_help(const char *command);
