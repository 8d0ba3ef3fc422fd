// Its child, made by a system call, is the first process of a pid namespace; it forks ten others, one after
// the other, and allocates before each and after the last. Ends with 77 where it may not make a namespace.
#define _GNU_SOURCE
#include "tests/programs/keep.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 10 };

static void *volatile kept;

static void wait_for(pid_t child) {
    int status;
    MUST(waitpid(child, &status, 0) == child && status == 0);
}

static void be_first(void) {
    for (int i = 0; i < CHILDREN; i++) {
        kept = malloc(10);
        pid_t child = fork();
        MUST(child >= 0);
        if (child == 0) {
            kept = malloc(11);
            kept = malloc(12);
            _exit(0);
        }
        wait_for(child);
    }
    kept = malloc(10);
    _exit(0);
}

int main(void) {
    long child = syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
    if (child < 0)
        return 77;
    if (child == 0)
        be_first();
    wait_for((pid_t)child);
    return 0;
}
