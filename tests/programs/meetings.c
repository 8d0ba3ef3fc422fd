// Meetings that come to nothing: meetings CASE LEAF. Run by `seep run`, so that the analyzer is its parent.
#include "tests/programs/cases.h"
#include "tests/programs/keep.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

static const char *leaf;

static pid_t start_leaf(void) {
    pid_t child = fork();
    if (child == 0) {
        execl(leaf, leaf, "3", (char *)NULL);
        _exit(97);
    }
    MUST(child > 0);
    return child;
}

// In a system call of that number, asleep?
static int waits_in(pid_t pid, long number) {
    char path[64], text[32] = "";
    snprintf(path, sizeof path, "/proc/%d/syscall", (int)pid);
    int fd = open(path, O_RDONLY);
    long got = fd < 0 ? -1 : (long)read(fd, text, sizeof text - 1);
    close(fd);
    return got > 0 && text[0] >= '0' && text[0] <= '9' && strtol(text, NULL, 10) == number;
}

// The child has said hello and waits for the answer.
static void killed_while_it_waits(void) {
    pid_t analyzer = getppid();
    MUST(kill(analyzer, SIGSTOP) == 0);
    pid_t child = start_leaf();
    while (!waits_in(child, SYS_recvmsg))
        usleep(1000);
    int status;
    MUST(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
    MUST(kill(analyzer, SIGCONT) == 0);
    MUST(WIFSIGNALED(status));
}

// As a child that is killed before it says hello looks to the analyzer.
static void gone_before_the_hello(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", getenv("SEEP_SESSION"));
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    MUST(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    close(fd);
}

// The answer brings two descriptors, for which this child has no room.
static void no_room_for_the_answer(void) {
    int next = dup(0), status;
    close(next);
    struct rlimit before, limit;
    MUST(getrlimit(RLIMIT_NOFILE, &before) == 0);
    limit = (struct rlimit){(rlim_t)next + 1, before.rlim_max};
    MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    pid_t child = start_leaf();
    MUST(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 3);
    MUST(setrlimit(RLIMIT_NOFILE, &before) == 0);
}

static const struct program_case cases[] = {CASE(killed_while_it_waits), CASE(gone_before_the_hello),
                                            CASE(no_room_for_the_answer)};

int main(int argc, char **argv) {
    MUST(argc == 3);
    leaf = argv[2];
    named_case(cases, COUNT_OF(cases), argv[1])->run();
    return 0;
}
