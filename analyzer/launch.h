// Starting the program of `seep run`, as the shell would start it, with the preload library in its
// environment.
#pragma once

#include <signal.h>
#include <sys/types.h>

// What of our own the program gets back as we found it: seep needs its own way with both.
struct launch_inherited {
    sigset_t signal_mask;
    struct sigaction child_signal; // of SIGCHLD: a caller that ignores it would take our child's status away
};

// Notes both, and takes SIGCHLD's default. Before the session is opened.
void launch_prepare(struct launch_inherited *inherited);

// argv[0] is looked up in PATH as execvp does. Returns the child's pid, or -errno of the exec that failed
// (the child is gone then).
pid_t launch_program(const char *const *argv, const char *library, const char *session_path,
                     const struct launch_inherited *inherited);
