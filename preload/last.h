// The last moment of a process and of its program: says how it ends, and waits for the report where nobody
// else would.
#pragma once

#include <stdbool.h>

// The process is about to end with this status. Returns when it may go on.
void last_exit(int status);

// Only says so: handlers that may still allocate run before the end.
void last_exit_soon(int status);

// The program is about to be replaced; taken back with last_exec_failed if that did not work.
void last_exec(void);
void last_exec_failed(void);

// This process started the analyzer itself, so that nobody waits for the report: last_exit waits until it is
// out, unless other processes of the session live on.
void last_wait_for_report(void);

// Registers what exit() must call last of all. In the constructor.
void last_prepare(void);
