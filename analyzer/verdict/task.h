// What the kernel says of one thread in /proc/PID/task/TID.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// The value of one line of its status; an empty string if there is none.
void task_status(pid_t pid, pid_t tid, const char *name, char *out, size_t bytes);

// Why ptrace refused to seize it with this errno: -EBUSY if somebody else traces it, -errno, or 0 if it is
// just gone.
int task_why_not(pid_t pid, pid_t tid, int error);

// Who traces it; 0: nobody, or it is gone.
pid_t task_tracer(pid_t pid, pid_t tid);

// The process that this thread is one of; 0: it is gone.
pid_t task_process(pid_t tid);

// Is it within a call that replaces the program, as far as the kernel lets us see?
bool task_execs(pid_t pid, pid_t tid);
