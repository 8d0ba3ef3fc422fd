// See restart.h. Called by tracees.c. Calls with a timeout are not made anew where that would begin again:
// signals that come often would let it never pass.
#include "analyzer/verdict/restart.h"
#include "analyzer/verdict/cut_short.h"
#include "analyzer/verdict/task.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

// How the kernel goes on with a wait that has some time left, by a call of its own (linux/errno.h).
enum { RESTART_TIMED = 516 };

#define REGISTER(name) offsetof(struct user, regs.name)

static long peek(pid_t tid, size_t at) {
    return ptrace(PTRACE_PEEKUSER, tid, (void *)at, NULL);
}

static bool has_no_timeout(pid_t tid, long call) {
    switch (call) {
    case SYS_semop:
        return true;
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
        return (int)peek(tid, REGISTER(r10)) < 0;
    case SYS_rt_sigtimedwait:
        return peek(tid, REGISTER(rdx)) == 0;
    default:
        return false;
    }
}

// Its filter may not expect that call of the kernel's.
static bool is_in_sandbox(pid_t tid) {
    char mode[16];
    task_status(tid, tid, "Seccomp", mode, sizeof mode);
    return atoi(mode) != 0;
}

static void set_result(pid_t tid, long result) {
    ptrace(PTRACE_POKEUSER, tid, (void *)REGISTER(rax), (void *)result);
}

void restart_unless_handled(pid_t tid) {
    long call = peek(tid, REGISTER(orig_rax));
    if (call < 0)
        return;
    long result = peek(tid, REGISTER(rax));
    if (cut_short(call, result) && has_no_timeout(tid, call))
        set_result(tid, -RESTART_UNLESS_HANDLED);
    else if (result == -RESTART_TIMED && is_in_sandbox(tid))
        set_result(tid, -EINTR);
}
