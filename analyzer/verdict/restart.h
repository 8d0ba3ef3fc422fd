// What a system call does that a signal's stop has interrupted. Untraced, a signal that the program ignores
// wakes nobody.
#pragma once

#include <sys/types.h>

// The thread stands in a signal's stop. If the signal runs no handler, a call that has no timeout goes on as
// if nothing had been; one that has, and that the kernel does not restart by itself, ends with EINTR. If a
// handler runs, the call ends as it would have.
void restart_unless_handled(pid_t tid);
