// Replaces itself by one of the exec family, or fails to: exec_calls CALL works|fails|PROGRAM. It leaks one
// block of 1,000 bytes before. "works": it becomes this program again, which checks its arguments and
// environment, leaks 3 blocks of 16 bytes and ends with status 8. "fails": it leaks one block of 50 bytes
// more and kills itself. PROGRAM, a path: becomes that.
#define _GNU_SOURCE
#include "tests/programs/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>

extern char **environ;

static const char *path;        // of the program to become
static const char *name;        // what is looked for in PATH
static char *const *given;      // environment, for calls that take one
static const char *environment; // what the new program shall find in EXEC_CALLS

OWN_FRAME static void leak(int blocks, size_t bytes) {
    for (int i = 0; i < blocks; i++)
        keep(malloc(bytes));
    AFTER_CALL;
}

#define ARGUMENTS self, "arrived", environment, "last"

static void call(const char *which) {
    const char *self = "exec_calls";
    char *const argv[] = {(char *)self, (char *)"arrived", (char *)environment, (char *)"last", NULL};
    if (!strcmp(which, "execve"))
        execve(path, argv, given);
    else if (!strcmp(which, "execv"))
        execv(path, argv);
    else if (!strcmp(which, "execvp"))
        execvp(name, argv);
    else if (!strcmp(which, "execvpe"))
        execvpe(name, argv, given);
    else if (!strcmp(which, "execl"))
        execl(path, ARGUMENTS, (char *)NULL);
    else if (!strcmp(which, "execlp"))
        execlp(name, ARGUMENTS, (char *)NULL);
    else if (!strcmp(which, "execle"))
        execle(path, ARGUMENTS, (char *)NULL, given);
    else if (!strcmp(which, "fexecve"))
        fexecve(open(path, O_RDONLY | O_CLOEXEC), argv, given);
    else if (!strcmp(which, "execveat"))
        execveat(AT_FDCWD, path, argv, given, 0);
    else
        MUST(!"the name of a call");
}

static int arrived(int argc, char **argv) {
    const char *found = getenv("EXEC_CALLS");
    MUST(argc == 4 && !strcmp(argv[3], "last"));
    MUST(found && !strcmp(found, argv[2]));
    leak(3, 16);
    return 8;
}

// The environment and one variable more.
static char **extended(void) {
    static char *all[256];
    size_t count = 0;
    for (char **entry = environ; *entry; entry++)
        if (strncmp(*entry, "EXEC_CALLS=", 11) != 0) {
            MUST(count < COUNT_OF(all) - 2);
            all[count++] = *entry;
        }
    all[count] = (char *)"EXEC_CALLS=given";
    return all;
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "arrived"))
        return arrived(argc, argv);
    MUST(argc == 3);
    size_t length = strlen(argv[1]);
    given = extended();
    environment = argv[1][length - 1] == 'e' || !strcmp(argv[1], "execveat") ? "given" : "inherited";
    leak(1, 1000);
    if (strcmp(argv[2], "fails") != 0) {
        bool again = !strcmp(argv[2], "works");
        path = again ? "/proc/self/exe" : argv[2];
        name = again ? "exec_calls" : strrchr(argv[2], '/') + 1;
        call(argv[1]);
        MUST(!"reached");
    }
    path = name = "/nonexistent/program";
    errno = 0;
    call(argv[1]);
    MUST(errno == (strcmp(argv[1], "fexecve") ? ENOENT : EINVAL));
    leak(1, 50);
    raise(SIGKILL);
}
