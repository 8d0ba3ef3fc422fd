// Starting the program of `seep run`, as the shell would start it, with the preload library in its
// environment.
#pragma once

#include <signal.h>
#include <sys/types.h>

// argv[0] is looked up in PATH as execvp does. signal_mask is what the program starts with. Returns the
// child's pid, or -errno of the exec that failed (the child is gone then).
pid_t launch_program(const char *const *argv, const char *library, const char *session_path,
                     const sigset_t *signal_mask);
