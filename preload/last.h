// The last moment of a process and of its program: says how it ends, stands still until the analyzer has
// looked at what the process holds, and waits for the report where nobody else would.
#pragma once

#include "preload/machine.h"

#include <stdbool.h>

// The process is about to end with this status. caller: taken (machine_capture) in the function that the
// program called, on its stack: what the stack holds of the program begins there. NULL: not known. Returns
// when the process may go on.
void last_exit(int status, const struct machine_registers *caller);

// The end has begun: handlers that may still allocate run before it. caller as above; it stays where it is.
void last_begins(const struct machine_registers *caller);
// Says with which status, where nobody will tell us later.
void last_exit_soon(int status);

// The program is about to abort; whether that ends it, is for its handler of SIGABRT: only without one the
// process stands still.
void last_abort(const struct machine_registers *caller);

// The program is about to be replaced; taken back with last_exec_failed if that did not work.
void last_exec(void);
void last_exec_failed(void);

// This process started the analyzer itself, so that nobody waits for the report: last_exit waits until it is
// out, unless other processes of the session live on.
void last_wait_for_report(void);

// Registers what exit() must call last of all. In the constructor.
void last_prepare(void);

// The end of a process before the constructor, where libc's functions can't be found. Touches nothing.
void last_exit_early(int status) __attribute__((noreturn));
void last_abort_early(void) __attribute__((noreturn));
