// See launch.h. Called by command_run.c.
#include "analyzer/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void launch_prepare(struct launch_inherited *inherited) {
    sigprocmask(SIG_SETMASK, NULL, &inherited->signal_mask);
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &usual, &inherited->child_signal);
}

static int set_environment(const char *library, const char *session_path) {
    const char *other = getenv("LD_PRELOAD");
    char *preload;
    if (asprintf(&preload, "%s%s%s", library, other && *other ? ":" : "", other ? other : "") < 0)
        return -ENOMEM;
    int bad = setenv("LD_PRELOAD", preload, 1) || setenv("SEEP_SESSION", session_path, 1) ? -errno : 0;
    free(preload);
    return bad;
}

static __attribute__((noreturn)) void become(const char *const *argv, const char *library,
                                             const char *session_path,
                                             const struct launch_inherited *inherited, int report_to) {
    int bad = set_environment(library, session_path);
    if (!bad) {
        sigaction(SIGCHLD, &inherited->child_signal, NULL);
        sigprocmask(SIG_SETMASK, &inherited->signal_mask, NULL);
        execvp(argv[0], (char *const *)argv);
        bad = -errno;
    }
    while (write(report_to, &bad, sizeof bad) < 0 && errno == EINTR)
        ;
    _exit(127);
}

pid_t launch_program(const char *const *argv, const char *library, const char *session_path,
                     const struct launch_inherited *inherited) {
    int pipe_fds[2]; // closed by a successful exec, else it carries the error
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return -errno;
    pid_t pid = fork();
    if (pid == 0)
        become(argv, library, session_path, inherited, pipe_fds[1]);
    int bad = pid < 0 ? -errno : 0;
    close(pipe_fds[1]);
    if (pid > 0) {
        ssize_t got;
        do
            got = read(pipe_fds[0], &bad, sizeof bad);
        while (got < 0 && errno == EINTR);
        if (got == sizeof bad)
            waitpid(pid, NULL, 0);
        else
            bad = 0;
    }
    close(pipe_fds[0]);
    return bad ? bad : pid;
}
