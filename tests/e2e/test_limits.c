// Programs that live under limits, or take privileges from themselves after the start: they run as without
// seep, exactly recorded wherever the limit leaves a way.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <string.h>
#include <unistd.h>

// As its own forked child, the program has two entries of the same name.
static void assert_recorded(const struct seep_run *ran, const char *what) {
    ck_assert_msg(exit_status(&ran->outcome) == 30, "%s: status %d: %s", what, exit_status(&ran->outcome),
                  ran->outcome.err);
    json_t *process = process_named(ran->report, "limits");
    ck_assert_msg(process != NULL, "%s: not recorded: %s", what, ran->outcome.err);
    ck_assert(is_exact(ran->report));
    ck_assert_int_eq(blocks_through(process, "limited_work"), 10);
    assert_end(process, "exit", 30);
    ck_assert_uint_eq(processes_named(ran->report, "limits"), 2);
    size_t index;
    json_array_foreach(json_object_get(ran->report, "processes"), index, process) {
        if (!strcmp(json_string_value(json_object_get(process, "begin")), "fork")) {
            ck_assert_int_eq(blocks_through(process, "limited_work"), 10);
            assert_end(process, "exit", 5);
        }
    }
}

static const char *const cases[] = {"nothing",           "changes_root",       "drops_privileges",
                                    "cannot_open_files", "cannot_write_files", "closes_everything",
                                    "locks_its_memory",  "enters_a_sandbox"};
enum { CASES = sizeof cases / sizeof *cases };

// A user's limit of locked memory may be smaller than any program.
static bool needs_root(const char *name) {
    return !strcmp(name, "changes_root") || !strcmp(name, "drops_privileges") ||
           !strcmp(name, "locks_its_memory");
}

START_TEST(what_a_program_takes_from_itself) {
    const char *name = cases[_i / WAYS];
    if (needs_root(name) && geteuid() != 0)
        return;
    struct seep_run ran = SEEP(_i % WAYS, "limits", name);
    assert_recorded(&ran, name);
}
END_TEST

// Set by a shell before it execs the program. The shell is an entry of its own.
static struct seep_run under_shell(enum way way, const char *setting) {
    struct seep_job job = {
        .program = {.argv = {"sh", "-c", text("%s exec %s nothing", setting, program_path("limits"))}}};
    return seep_run_job(way, &job);
}

static const char *const settings[] = {
    "ulimit -v 2000000;",   "ulimit -v 400000;",   "ulimit -n 10;", "ulimit -f 0;",
    "ulimit -s unlimited;", "ulimit -c 0 -t 100;", "umask 777;",    "cd /proc;"};
enum { SETTINGS = sizeof settings / sizeof *settings };

START_TEST(limits_set_before_the_program_starts) {
    struct seep_run ran = under_shell(_i % WAYS, settings[_i / WAYS]);
    assert_recorded(&ran, settings[_i / WAYS]);
}
END_TEST

START_TEST(without_room_for_a_descriptor_the_program_runs_as_if_alone) {
    struct seep_run ran = under_shell(_i, "ulimit -n 4;");
    ck_assert_int_eq(exit_status(&ran.outcome), 30);
    if (process_named(ran.report, "limits"))
        return; // it found a way
    ck_assert_msg(strstr(ran.outcome.err, "seep") != NULL, "neither recorded nor said: %s", ran.outcome.err);
}
END_TEST

static void close_standard_three(void) {
    for (int fd = 0; fd < 3; fd++)
        close(fd);
}

START_TEST(standard_descriptors_closed_at_the_start_stay_closed) {
    struct seep_job job = {
        .program = {.argv = {program_path("first_descriptor")}, .prepare = close_standard_three}};
    struct outcome bare = run(&job.program);
    struct seep_run ran = seep_run_job(_i, &job);
    ck_assert_int_eq(exit_status(&bare), 50);
    ck_assert_int_eq(exit_status(&ran.outcome), 50);
    ck_assert_ptr_nonnull(ran.process);
}
END_TEST

static const char *const bad_directories[] = {"TMPDIR=/nonexistent", "TMPDIR=/proc", "TMPDIR="};
enum { BAD_DIRECTORIES = sizeof bad_directories / sizeof *bad_directories };

START_TEST(a_bad_TMPDIR_does_not_matter) {
    struct seep_job job = {
        .program = {.argv = {program_path("limits"), "nothing"}, .env = {bad_directories[_i / WAYS]}}};
    struct seep_run ran = seep_run_job(_i % WAYS, &job);
    assert_recorded(&ran, bad_directories[_i / WAYS]);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, what_a_program_takes_from_itself, 0, CASES * WAYS);
    tcase_add_loop_test(tests, limits_set_before_the_program_starts, 0, SETTINGS * WAYS);
    tcase_add_loop_test(tests, without_room_for_a_descriptor_the_program_runs_as_if_alone, 0, WAYS);
    tcase_add_loop_test(tests, standard_descriptors_closed_at_the_start_stay_closed, 0, WAYS);
    tcase_add_loop_test(tests, a_bad_TMPDIR_does_not_matter, 0, BAD_DIRECTORIES * WAYS);
}
SEEP_TEST_MAIN("limits")
