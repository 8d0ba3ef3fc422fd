// A whole process brought to a standstill, so that its registers and memory can be read, and let go again
// with everything as it was. Serves the last moment and is meant for running processes as well.
//
// Every thread is seized and interrupted (PTRACE_SEIZE, PTRACE_INTERRUPT); no signal is sent. A signal that
// arrives meanwhile is delivered afterwards; a process that was stopped (SIGSTOP) stays stopped; system calls
// that were interrupted are restarted by the kernel. Those that would say EINTR, as after any stop and
// continue (cut_short.h), are made again with their whole timeout, unless a handler runs. As after those,
// too, a write that waits for room and has written a part says so.
//
// The caller's thread is the tracer until the process was let go, and must be the one that lets it go.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct stopped_thread {
    pid_t tid;
    bool in_call;                  // in a system call: nothing is in flight in vector registers
    long call;                     // its number; -1: none
    uint64_t pc, sp;               // 0 if they could not be read
    uint64_t tls;                  // thread pointer
    size_t first_word, word_count; // in words: general registers, and vector registers unless in_call
    // For stop_go_on alone.
    bool is_timed;     // in a call that the kernel restarts with what is left of its time
    bool is_cut_short; // in a call that says EINTR only because of the stop
    int signal;        // to be delivered when it goes on; 0: none
};

struct stopped {
    pid_t pid;
    bool is_our_child; // as stop_process was told
    struct stopped_thread *threads;
    size_t thread_count, thread_room;
    uint64_t *words; // what the registers of all threads hold
    size_t word_count, word_room;
    uint64_t began_ns; // CLOCK_MONOTONIC, when the first thread was asked to stop
};

// Stops the process. is_our_child: its end is awaited elsewhere, and is left to be. 0, or
//   -EPERM   not allowed: Yama, another user's, seccomp, a process that is not dumpable
//   -EBUSY   somebody else traces it; -ETIMEDOUT a thread does not stop (it waits for a vfork child, or for a
//            device); -ESRCH it has ended
// and then it runs on.
int stop_process(pid_t pid, bool is_our_child, struct stopped *out);

// After -ETIMEDOUT: lets go of threads that stop only now; and of those that were killed while they stood it
// takes the end, for which their parent waits. To be called often; costs nothing otherwise.
void stop_tend(void);

// Lets it go on and releases what `stopped` holds. Returns how long it stood, in nanoseconds.
uint64_t stop_go_on(struct stopped *stopped);
