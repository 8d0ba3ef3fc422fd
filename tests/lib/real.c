// See real.h. Called by the tests of real programs and by those that compare with memcheck.
#include "tests/lib/real.h"

#include "tests/lib/report.h"

#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *installed(const char *name) {
    static const char *const directories[] = {"/usr/bin", "/bin", "/usr/sbin"};
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        const char *path = text("%s/%s", directories[i], name);
        if (access(path, X_OK) == 0)
            return path;
    }
    ck_abort_msg("%s is not installed; scripts/install-deps --test does it", name);
}

const char *name_behind(const char *path) {
    char target[PATH_MAX];
    ck_assert_msg(realpath(path, target) != NULL, "%s leads nowhere", path);
    return text("%s", strrchr(target, '/') + 1);
}

const char *real_input(const char *name) {
    char absolute[PATH_MAX];
    const char *path = text("tests/real/%s", name);
    ck_assert_msg(realpath(path, absolute) != NULL, "%s: not found from here; run make in the tree's root",
                  path);
    return text("%s", absolute);
}

void clean_environment(void) {
    const char *build = build_directory(), *temporary = getenv("TMPDIR");
    temporary = temporary ? text("%s", temporary) : NULL;
    clearenv();
    setenv("SEEP_BUILD", build, 1);
    if (temporary)
        setenv("TMPDIR", temporary, 1);
    setenv("PATH", "/usr/bin:/bin:/usr/sbin", 1);
    setenv("HOME", test_directory(), 1);
    setenv("LANG", "C.UTF-8", 1);
}

// The same path each time: it gets into what compilers write.
static const char *fresh_directory(const char *setup) {
    const char *path = test_path("work");
    ck_assert_int_eq(mkdir(path, 0700), 0);
    if (setup) {
        struct outcome outcome = run(&(struct command){.argv = {"sh", real_input(setup)}, .cwd = path});
        ck_assert_msg(exit_status(&outcome) == 0, "%s: %s", setup, outcome.err);
    }
    return path;
}

static void assert_same_file(const char *name) {
    size_t want_bytes = 0, got_bytes = 0;
    char *want = file_read(test_path(text("without/%s", name)), &want_bytes);
    char *got = file_read(test_path(text("work/%s", name)), &got_bytes);
    ck_assert_msg(want != NULL, "%s was not made even without seep", name);
    ck_assert_msg(got != NULL, "%s was not made under seep", name);
    ck_assert_msg(want_bytes == got_bytes && memcmp(want, got, want_bytes) == 0,
                  "%s is another file under seep", name);
    free(want);
    free(got);
}

struct seep_run carry(enum way way, const struct real_job *job) {
    struct command bare_command = job->command;
    bare_command.cwd = fresh_directory(job->setup);
    struct outcome bare = run(&bare_command);
    ck_assert_int_eq(rename(bare_command.cwd, test_path("without")), 0);
    struct seep_job under = {.program = job->command};
    under.program.cwd = fresh_directory(job->setup);
    struct seep_run ran = seep_run_job(way, &under);
    ck_assert_str_eq(ran.outcome.out, bare.out);
    ck_assert_str_eq(ran.outcome.err, bare.err);
    ck_assert_int_eq(exit_status(&ran.outcome), exit_status(&bare));
    for (size_t i = 0; i < REAL_FILES && job->files[i]; i++)
        assert_same_file(job->files[i]);
    assert_whole(ran.report);
    return ran;
}

static const char *name_of(const json_t *process) {
    const char *path = json_string_value(json_object_get(process, "executable"));
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : "?";
}

json_t *executed(const json_t *report, const char *name) {
    size_t index;
    json_t *process;
    json_array_foreach(json_object_get(report, "processes"), index, process) {
        const char *begin = json_string_value(json_object_get(process, "begin"));
        if (!strcmp(begin, "exec") && !strcmp(name_of(process), name))
            return process;
    }
    ck_abort_msg("%s is not in the report", name);
}

void assert_whole(const json_t *report) {
    size_t index;
    json_t *process;
    json_array_foreach(json_object_get(report, "processes"), index, process) {
        const char *how = json_string_value(json_object_get(json_object_get(process, "end"), "how"));
        json_int_t lost = json_integer_value(json_object_get(process, "lost_records"));
        json_int_t truncated = json_integer_value(json_object_get(process, "truncated_stacks"));
        ck_assert_msg(lost == 0 && truncated == 0, "%s: %lld records lost, %lld stacks truncated",
                      name_of(process), (long long)lost, (long long)truncated);
        ck_assert_msg(strcmp(how, "running") && strcmp(how, "unknown"), "%s: its end is %s", name_of(process),
                      how);
    }
    ck_assert_msg(is_exact(report), "not exact: %s",
                  json_dumps(json_object_get(report, "inexact_because"), 0));
}

void assert_child_of(const json_t *report, const char *child, const char *parent) {
    size_t index;
    json_t *process;
    json_array_foreach(json_object_get(report, "processes"), index, process) {
        json_t *above = process_with_pid(report, json_integer_value(json_object_get(process, "parent_pid")));
        if (above && !strcmp(name_of(process), child) && !strcmp(name_of(above), parent))
            return;
    }
    ck_abort_msg("no %s under %s in the report", child, parent);
}
