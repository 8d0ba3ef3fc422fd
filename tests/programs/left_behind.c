// Forks a child that forks a grandchild, and each parent ends at once, before its child has said a word to
// anybody. Called as "apart", the child is in a pid namespace of its own and its parent waits for it.
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *volatile kept;

static void leave(int status, int must_wait) {
    if (must_wait)
        wait(NULL); // else the namespace ends with its first process
    _exit(status);
}

int main(int argc, char **argv) {
    int apart = argc > 1 && strcmp(argv[1], "apart") == 0;
    if (apart && unshare(CLONE_NEWPID) != 0)
        return 77;
    if (fork() != 0)
        leave(3, apart);
    if (fork() != 0)
        leave(2, apart);
    kept = malloc(10);
    kept = malloc(11);
    _exit(1);
}
