// Makes processes in one of the ways there are: processes CASE LEAF, where LEAF is the path of leaf.c's
// program. The parent leaks one block of 1,000 bytes before, and checks that its children end as they should.
#define _GNU_SOURCE
#include "tests/programs/cases.h"
#include "tests/programs/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char **environ;
static const char *leaf;
static const char *self;

OWN_FRAME static void leak_in_parent(void) {
    keep(malloc(1000));
    AFTER_CALL;
}

OWN_FRAME static void leak_in_child(int blocks) {
    for (int i = 0; i < blocks; i++)
        keep(malloc(32));
    AFTER_CALL;
}

static void must_end_with(pid_t child, int status) {
    int got;
    MUST(child > 0 && waitpid(child, &got, 0) == child);
    MUST(WIFEXITED(got) && WEXITSTATUS(got) == status);
}

static void by_fork(void) {
    void *inherited = keep(malloc(500));
    pid_t child = fork();
    if (child == 0) {
        free(inherited);
        leak_in_child(5);
        exit(5);
    }
    free(inherited);
    must_end_with(child, 5);
}

// Children of children, three deep, each with a number of blocks of its own.
static void by_nested_fork(void) {
    for (int depth = 1; depth <= 3; depth++) {
        pid_t child = fork();
        if (child > 0) {
            must_end_with(child, depth);
            exit(depth - 1);
        }
        leak_in_child(1);
        if (depth == 3)
            exit(3);
    }
}

static void by_vfork(void) {
    pid_t child = vfork();
    if (child == 0) {
        execl(leaf, leaf, "3", (char *)NULL);
        _exit(97);
    }
    must_end_with(child, 3);
}

// The exec fails, the child reports it through the memory it shares with its parent, as shells do.
static void by_vfork_that_fails(void) {
    volatile int error = 0;
    pid_t child = vfork();
    if (child == 0) {
        execl("/nonexistent/program", "program", (char *)NULL);
        error = errno;
        _exit(96);
    }
    must_end_with(child, 96);
    MUST(error == ENOENT);
    free(keep(malloc(77)));
}

static void by_spawn(void) {
    pid_t child;
    char *const arguments[] = {(char *)leaf, (char *)"4", NULL};
    MUST(posix_spawn(&child, leaf, NULL, NULL, arguments, environ) == 0);
    must_end_with(child, 4);
}

static void by_system(void) {
    char command[4096];
    snprintf(command, sizeof command, "%s 6", leaf);
    int status = system(command);
    MUST(WIFEXITED(status) && WEXITSTATUS(status) == 6);
}

static void by_popen(void) {
    char command[4096];
    snprintf(command, sizeof command, "%s 7", leaf);
    FILE *stream = popen(command, "r");
    MUST(stream && fgetc(stream) == EOF);
    int status = pclose(stream);
    MUST(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void by_exec(void) {
    execl(leaf, leaf, "8", (char *)NULL);
    MUST(0);
}

static void by_exec_of_itself(void) {
    execl(self, self, "after_exec", leaf, (char *)NULL);
    MUST(0);
}

static void after_exec(void) {
    leak_in_child(9);
}

static void by_exec_that_fails(void) {
    MUST(execl("/nonexistent/program", "program", (char *)NULL) == -1 && errno == ENOENT);
    leak_in_child(2);
}

// As daemons do it: two forks, a session of its own, no directory, no descriptor of the one who started it.
static void by_daemon(void) {
    int done[2];
    char byte;
    MUST(pipe(done) == 0);
    pid_t child = fork();
    if (child == 0) {
        MUST(setsid() > 0);
        if (fork() > 0)
            _exit(0);
        umask(0);
        MUST(chdir("/") == 0);
        int keep_open = dup2(done[1], 1000) == 1000 ? 1000 : done[1];
        for (int fd = 0; fd < 1000; fd++)
            close(fd);
        MUST(open("/dev/null", O_RDWR) == 0 && dup(0) == 1 && dup(0) == 2);
        leak_in_child(10);
        MUST(write(keep_open, "x", 1) == 1);
        exit(10);
    }
    must_end_with(child, 0);
    close(done[1]);
    MUST(read(done[0], &byte, 1) == 1);
    MUST(read(done[0], &byte, 1) == 0); // its end has closed the pipe
}

// Environment and arguments of the child are made from nothing.
static void by_exec_with_empty_environment(void) {
    pid_t child = fork();
    if (child == 0) {
        char *const arguments[] = {(char *)leaf, (char *)"3", NULL}, *const nothing[] = {NULL};
        execve(leaf, arguments, nothing);
        _exit(97);
    }
    must_end_with(child, 3);
}

static const struct program_case cases[] = {
    CASE(by_fork),
    CASE(by_nested_fork),
    CASE(by_vfork),
    CASE(by_vfork_that_fails),
    CASE(by_spawn),
    CASE(by_system),
    CASE(by_popen),
    CASE(by_exec),
    CASE(by_exec_of_itself),
    CASE(after_exec),
    CASE(by_exec_that_fails),
    CASE(by_daemon),
    CASE(by_exec_with_empty_environment),
};

int main(int argc, char **argv) {
    MUST(argc == 3);
    self = argv[0];
    leaf = argv[2];
    leak_in_parent();
    named_case(cases, COUNT_OF(cases), argv[1])->run();
    return 0;
}
