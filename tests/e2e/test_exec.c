// Each member of the exec family ends the program's entry and begins another's, with the arguments and the
// environment that the caller gave; one that fails changes nothing. Where nothing attaches under the pid
// again, or the program is killed after a call that failed, only the hook can have told.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <signal.h>
#include <string.h>

static const char *const calls[] = {"execve", "execv",  "execvp",  "execvpe", "execl",
                                    "execlp", "execle", "fexecve", "execveat"};
enum { CALLS = sizeof calls / sizeof *calls };

static struct seep_run exec_calls(int which, const char *outcome) {
    const char *folder = text("%s/tests/programs", build_directory());
    struct seep_job job = {
        .program = {.argv = {program_path("exec_calls"), calls[which / WAYS], outcome},
                    .env = {text("PATH=%s:%s", folder, getenv("PATH")), "EXEC_CALLS=inherited"}}};
    return seep_run_job(which % WAYS, &job);
}

START_TEST(a_call_that_works_replaces_the_program) {
    struct seep_run ran = exec_calls(_i, "works");
    ck_assert_msg(exit_status(&ran.outcome) == 8, "%s: %d %s", calls[_i / WAYS], exit_status(&ran.outcome),
                  ran.outcome.err);
    ck_assert(is_exact(ran.report));

    const json_t *processes = json_object_get(ran.report, "processes");
    ck_assert_uint_eq(json_array_size(processes), 2);
    const json_t *before = json_array_get(processes, 0), *after = json_array_get(processes, 1);
    assert_end(before, "exec", 0);
    assert_heap(before, 1, 0, 1000, 1, 1000);
    assert_end(after, "exit", 8);
    assert_heap(after, 3, 0, 48, 3, 48);
    ck_assert_str_eq(json_string_value(json_object_get(after, "begin")), "exec");
    ck_assert_int_eq(json_integer_value(json_object_get(before, "pid")),
                     json_integer_value(json_object_get(after, "pid")));
}
END_TEST

START_TEST(a_call_that_works_is_seen_when_its_successor_is_not) {
    struct seep_run ran = exec_calls(_i, program_path("static_program"));
    ck_assert_msg(exit_status(&ran.outcome) == 17, "%s: %d %s", calls[_i / WAYS], exit_status(&ran.outcome),
                  ran.outcome.err);
    ck_assert_uint_eq(json_array_size(json_object_get(ran.report, "processes")), 1);
    assert_end(ran.process, "exec", 0);
    assert_heap(ran.process, 1, 0, 1000, 1, 1000);
}
END_TEST

START_TEST(a_call_that_fails_changes_nothing) {
    struct seep_run ran = exec_calls(_i, "fails");
    ck_assert_msg(exit_status(&ran.outcome) == 128 + SIGKILL, "%s: %d %s", calls[_i / WAYS],
                  exit_status(&ran.outcome), ran.outcome.err);
    ck_assert(is_exact(ran.report));
    ck_assert_uint_eq(json_array_size(json_object_get(ran.report, "processes")), 1);
    assert_end(ran.process, "signal", SIGKILL);
    assert_heap(ran.process, 2, 0, 1050, 2, 1050);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, a_call_that_works_replaces_the_program, 0, CALLS * WAYS);
    tcase_add_loop_test(tests, a_call_that_works_is_seen_when_its_successor_is_not, 0, CALLS * WAYS);
    tcase_add_loop_test(tests, a_call_that_fails_changes_nothing, 0, CALLS * WAYS);
}

SEEP_TEST_MAIN("exec")
