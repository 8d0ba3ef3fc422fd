// The gate in front of libunwind: one thread of the process at a time, held for microseconds.
//
// Why it can't deadlock:
//   - A thread holds it with all signals blocked, so none of its own handlers can want it meanwhile.
//   - Under it only libunwind and this directory's own code run. Should libunwind call something that the
//   shim hooks (it maps
//     memory), the hook's walk is told -EDEADLK and ends truncated.
//   - fork takes it first (unwind_before_fork), so no child is born with it held by a thread that the child
//   does not have. What
//     the forking thread allocates until unwind_after_fork may go in, since the gate is its own.
//   - A child made behind libc's back (a raw system call) may inherit it held. Its holder never comes back;
//   the waiter
//     notices that the holder belongs to another process and does not move, and gives libunwind up for this
//     process.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct gate_visit {
    uint64_t signals; // the mask to restore
    int error;        // errno to restore
    bool nested;      // the thread held the gate already, for a fork
};

// Enters, to call libunwind. 0, or -EDEADLK when this thread is inside already, or -EOWNERDEAD when libunwind
// was given up.
int gate_enter(struct gate_visit *visit);
// Is the calling thread in libunwind? What that calls is nothing that the program did.
bool gate_is_inside(void);
void gate_leave(const struct gate_visit *visit);

// Enters and stays until gate_after_fork, which parent and child both call.
void gate_before_fork(void);
void gate_after_fork(void);
