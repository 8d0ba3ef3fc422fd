// Composes the command lines of both ways, waits for the report, reads it.
#include "tests/lib/under_seep.h"

#include "tests/lib/report.h"

#include <check.h>
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *report_path(void) {
    return test_path("report.json");
}

static void append(const char **list, size_t room, const char *item) {
    size_t used = 0;
    while (list[used])
        used++;
    ck_assert_uint_lt(used + 1, room);
    list[used] = item;
}

static struct command with_run(const struct seep_job *job) {
    struct command command = job->program;
    memset(command.argv, 0, sizeof command.argv);
    const char *leading[] = {seep_path(), "run", "--format", text("json=%s", report_path())};
    for (size_t i = 0; i < sizeof leading / sizeof *leading; i++)
        append(command.argv, RUN_ARGUMENTS, leading[i]);
    if (job->text_too) {
        append(command.argv, RUN_ARGUMENTS, "--format");
        append(command.argv, RUN_ARGUMENTS, "text");
    }
    for (size_t i = 0; job->options[i]; i++)
        append(command.argv, RUN_ARGUMENTS, job->options[i]);
    append(command.argv, RUN_ARGUMENTS, "--");
    for (size_t i = 0; job->program.argv[i]; i++)
        append(command.argv, RUN_ARGUMENTS, job->program.argv[i]);
    append(command.env, RUN_VARIABLES, job->preloaded ? text("LD_PRELOAD=%s", job->preloaded) : "LD_PRELOAD");
    append(command.env, RUN_VARIABLES, "SEEP_OPTIONS");
    return command;
}

static struct command with_preload(const struct seep_job *job) {
    struct command command = job->program;
    const char *words = text("--format json=%s%s", report_path(), job->text_too ? " --format text" : "");
    for (size_t i = 0; job->options[i]; i++)
        words = text("%s %s", words, job->options[i]);
    append(command.env, RUN_VARIABLES,
           text("LD_PRELOAD=%s%s%s", libseep_path(), job->preloaded ? ":" : "",
                job->preloaded ? job->preloaded : ""));
    append(command.env, RUN_VARIABLES, text("SEEP_OPTIONS=%s", words));
    return command;
}

struct running *seep_start(enum way way, const struct seep_job *job) {
    unlink(report_path());
    struct command command = way == WAY_RUN ? with_run(job) : with_preload(job);
    return run_start(&command);
}

static bool mentions(const char *path, const char *word) {
    size_t bytes = 0;
    char *content = file_read(path, &bytes);
    bool found = content && memmem(content, bytes, word, strlen(word)) != NULL;
    free(content);
    return found;
}

static bool is_our_analyzer(const char *pid) {
    char executable[PATH_MAX];
    ssize_t length = readlink(text("/proc/%s/exe", pid), executable, sizeof executable - 1);
    if (length < 0)
        return false;
    executable[length] = '\0';
    return !strcmp(executable, seep_path()) && (mentions(text("/proc/%s/cmdline", pid), test_directory()) ||
                                                mentions(text("/proc/%s/environ", pid), test_directory()));
}

static pid_t find_analyzer(void) {
    pid_t found = 0;
    DIR *proc = opendir("/proc");
    ck_assert_ptr_nonnull(proc);
    for (struct dirent *entry; !found && (entry = readdir(proc));)
        if (atoi(entry->d_name) > 0 && is_our_analyzer(entry->d_name))
            found = atoi(entry->d_name);
    closedir(proc);
    return found;
}

pid_t analyzer_pid(void) {
    pid_t found = find_analyzer();
    ck_assert_msg(found > 0, "no analyzer is running");
    return found;
}

// The report is renamed into place: what exists is whole. Under `seep run` it is there when seep ends; a
// program that was killed could not wait for its analyzer, which goes on alone.
static bool reported_or_never_will(void *unused) {
    (void)unused;
    return access(report_path(), F_OK) == 0 || find_analyzer() == 0;
}

struct seep_run seep_finish(struct running *running, const struct seep_job *job) {
    struct seep_run result = {.outcome = run_finish(running)};
    wait_until(reported_or_never_will, NULL);
    ck_assert_msg(access(report_path(), F_OK) == 0, "no report. status %d, stdout:\n%s\nstderr:\n%s",
                  exit_status(&result.outcome), result.outcome.out, result.outcome.err);
    result.report = report_load(report_path());
    const char *name = strrchr(job->program.argv[0], '/');
    result.process = process_named(result.report, name ? name + 1 : job->program.argv[0]);
    return result;
}

struct seep_run seep_run_job(enum way way, const struct seep_job *job) {
    return seep_finish(seep_start(way, job), job);
}

struct seep_run exact_run(enum way way, const char *program, const char *argument) {
    struct seep_run ran = SEEP(way, program, argument);
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s: %d %s", program, exit_status(&ran.outcome),
                  ran.outcome.err);
    ck_assert_ptr_nonnull(ran.process);
    ck_assert(is_exact(ran.report));
    return ran;
}
