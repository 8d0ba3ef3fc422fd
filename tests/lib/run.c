// Starting commands and waiting for them. Output goes to files, not pipes: a process that outlives the
// command it came from cannot make a test wait for an end of file.
#include "tests/lib/run.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { HANG_LIMIT_MS = 60 * 1000, POLL_NS = 2 * 1000 * 1000 };

struct running {
    pid_t pid;
    const char *out_path;
    const char *err_path;
    const char *name;
    int limit_ms;
};

static void redirect(int to, const char *path, int flags) {
    int fd = open(path, flags, 0600);
    if (fd < 0 || dup2(fd, to) < 0)
        _exit(126);
    if (fd != to)
        close(fd);
}

static void apply_environment(const char *const *env) {
    for (; *env; env++) {
        const char *equals = strchr(*env, '=');
        if (!equals)
            unsetenv(*env);
        else
            setenv(strndup(*env, (size_t)(equals - *env)), equals + 1, 1);
    }
}

static void become(const struct command *command, const struct running *running, const char *input_path) {
    setpgid(0, 0);
    redirect(STDIN_FILENO, input_path, O_RDONLY);
    redirect(STDOUT_FILENO, running->out_path, O_WRONLY | O_CREAT | O_APPEND);
    redirect(STDERR_FILENO, running->err_path, O_WRONLY | O_CREAT | O_APPEND);
    close_range(STDERR_FILENO + 1, ~0u, 0); // the command starts with the three, as from a shell
    if (command->cwd && chdir(command->cwd))
        _exit(126);
    apply_environment(command->env);
    if (command->prepare)
        command->prepare();
    execvp(command->argv[0], (char *const *)command->argv);
    dprintf(STDERR_FILENO, "test: cannot run %s: %m\n", command->argv[0]);
    _exit(127);
}

static const char *write_input(const char *input, int serial) {
    if (!input)
        return "/dev/null";
    const char *path = test_path(text("stdin-%d", serial));
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(input, file);
    fclose(file);
    return path;
}

struct running *run_start(const struct command *command) {
    static int serial;
    struct running *running = malloc(sizeof *running);
    serial++;
    running->name = command->argv[0];
    running->limit_ms = command->limit_seconds ? command->limit_seconds * 1000 : HANG_LIMIT_MS;
    running->out_path = test_path(text("stdout-%d", serial));
    running->err_path = test_path(text("stderr-%d", serial));
    const char *input_path = write_input(command->input, serial);
    running->pid = fork();
    ck_assert_int_ge(running->pid, 0);
    if (running->pid == 0)
        become(command, running, input_path);
    setpgid(running->pid, running->pid); // in both, so that it holds whoever comes first
    return running;
}

static void fail_hanging(const struct running *running) {
    kill(-running->pid, SIGKILL);
    kill(running->pid, SIGKILL);
    ck_abort_msg("%s hangs. stdout so far:\n%s\nstderr:\n%s", running->name,
                 file_read(running->out_path, NULL), file_read(running->err_path, NULL));
}

struct outcome run_finish(struct running *running) {
    struct outcome outcome = {.pid = running->pid};
    int pidfd = (int)syscall(SYS_pidfd_open, running->pid, 0);
    ck_assert_int_ge(pidfd, 0);
    struct pollfd ready = {.fd = pidfd, .events = POLLIN};
    if (poll(&ready, 1, running->limit_ms) != 1)
        fail_hanging(running);
    close(pidfd);
    ck_assert_int_eq(waitpid(running->pid, &outcome.status, 0), running->pid);
    outcome.out = file_read(running->out_path, NULL);
    outcome.err = file_read(running->err_path, NULL);
    ck_assert(outcome.out && outcome.err);
    free(running);
    return outcome;
}

struct outcome run(const struct command *command) {
    return run_finish(run_start(command));
}

pid_t run_pid(const struct running *running) {
    return running->pid;
}

char *run_output_so_far(const struct running *running) {
    char *output = file_read(running->out_path, NULL);
    return output ? output : strdup("");
}

struct expectation {
    const struct running *running;
    const char *text;
};

static bool output_has_come(void *context) {
    struct expectation *expected = context;
    char *output = run_output_so_far(expected->running);
    bool found = strstr(output, expected->text) != NULL;
    free(output);
    return found;
}

void run_wait_for_output(struct running *running, const char *expected_text) {
    struct expectation expected = {running, expected_text};
    if (!wait_until(output_has_come, &expected))
        fail_hanging(running);
}

int exit_status(const struct outcome *outcome) {
    return WIFSIGNALED(outcome->status) ? 128 + WTERMSIG(outcome->status) : WEXITSTATUS(outcome->status);
}

bool wait_until(bool (*done)(void *context), void *context) {
    struct timespec start, now, pause = {.tv_nsec = POLL_NS};
    clock_gettime(CLOCK_MONOTONIC, &start);
    while (!done(context)) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        if ((now.tv_sec - start.tv_sec) * 1000 > HANG_LIMIT_MS)
            return false;
        nanosleep(&pause, NULL);
    }
    return true;
}

char *file_read(const char *path, size_t *bytes) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    size_t used = 0, room = 1 << 14;
    char *content = malloc(room);
    for (ssize_t got; content && (got = read(fd, content + used, room - used - 1)) > 0;) {
        used += (size_t)got;
        if (room - used < 2)
            content = realloc(content, room *= 2);
    }
    close(fd);
    ck_assert_ptr_nonnull(content);
    content[used] = '\0';
    if (bytes)
        *bytes = used;
    return content;
}
