// Runs commands for tests: to their end or step by step, with everything they print kept in files of a
// private directory. A command that hangs is killed with its whole process group after a minute, and the test
// fails with what it had printed.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { RUN_ARGUMENTS = 32, RUN_VARIABLES = 16 };

struct command {
    const char *argv[RUN_ARGUMENTS]; // NULL-terminated; argv[0] is looked up in PATH
    const char *env[RUN_VARIABLES];  // "NAME=value" sets, "NAME" alone removes
    const char *cwd;                 // NULL: the test's
    const char *input;               // text on stdin; NULL: /dev/null
    void (*prepare)(void);           // called in the child right before it execs; NULL: nothing
    int limit_seconds;               // longer than this is a hang; 0: a minute
};

struct running; // a command that was started

struct outcome {
    pid_t pid;
    int status; // as waitpid gives it
    char *out;  // all of stdout, NUL-terminated
    char *err;  // all of stderr
};

// Starts the command as leader of a process group of its own. Fails the test if it cannot.
struct running *run_start(const struct command *command);
// Waits for its end. The outcome's strings live until the test's end.
struct outcome run_finish(struct running *running);
struct outcome run(const struct command *command);

pid_t run_pid(const struct running *running);
// What it has printed to stdout so far; the caller frees.
char *run_output_so_far(const struct running *running);
// Waits until stdout holds text; fails the test if that does not happen.
void run_wait_for_output(struct running *running, const char *text);

// 128 + N for a signal, the code otherwise: what a shell says.
int exit_status(const struct outcome *outcome);

// Polls until done(context) is true, for at most a minute; false if it never was.
bool wait_until(bool (*done)(void *context), void *context);
// The whole of a file, NUL-terminated, the caller frees; NULL if it cannot be read. bytes may be NULL.
char *file_read(const char *path, size_t *bytes);

// A directory that only this test uses; the same for the life of the process, removed at its end.
const char *test_directory(void);
// A path in it. All paths that these functions give live until the test's end.
const char *test_path(const char *name);
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

// What was built: SEEP_BUILD, or build/ under the current directory; absolute.
const char *build_directory(void);
const char *seep_path(void);
const char *libseep_path(void);
const char *program_path(const char *name);    // tests/programs/NAME
const char *program_library(const char *name); // tests/programs/libs/NAME.so
// The loader, which runs programs that are named to it.
const char *loader_path(void);
