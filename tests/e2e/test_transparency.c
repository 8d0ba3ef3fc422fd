// What a program can see of itself is as without seep: descriptors, signals, environment, children, threads,
// limits.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

// The texts are long: shows the first line that differs.
static void assert_same_lines(const char *got, const char *want) {
    while (*got && *got == *want) {
        const char *got_end = strchrnul(got, '\n'), *want_end = strchrnul(want, '\n');
        if (got_end - got != want_end - want || strncmp(got, want, (size_t)(got_end - got)) != 0)
            break;
        got = got_end + (*got_end == '\n');
        want = want_end + (*want_end == '\n');
    }
    ck_assert_msg(!*got && !*want, "got:\n%.200s\nwithout seep:\n%.200s", got, want);
}

START_TEST(a_program_sees_itself_as_without_seep) {
    struct command bare_command = {.argv = {program_path("sees"), "one argument", ""}};
    struct outcome bare = run(&bare_command);
    ck_assert_int_eq(bare.status, 0);
    struct seep_job job = {.program = bare_command};
    struct seep_run ran = seep_run_job(_i, &job);
    assert_same_lines(ran.outcome.out, bare.out);
    ck_assert_str_eq(ran.outcome.err, bare.err);
    ck_assert_int_eq(ran.outcome.status, bare.status);
}
END_TEST

static void odd_signals(void) {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
}

START_TEST(inherited_signal_settings_reach_the_program) {
    struct command bare_command = {.argv = {program_path("sees")}, .prepare = odd_signals};
    struct outcome bare = run(&bare_command);
    struct seep_job job = {.program = bare_command};
    struct seep_run ran = seep_run_job(_i, &job);
    assert_same_lines(ran.outcome.out, bare.out);
}
END_TEST

START_TEST(standard_input_reaches_the_program) {
    struct seep_job job = {.program = {.argv = {"cat"}, .input = "some\ntext\n"}};
    struct seep_run ran = seep_run_job(_i, &job);
    ck_assert_str_eq(ran.outcome.out, "some\ntext\n");
    ck_assert_int_eq(exit_status(&ran.outcome), 0);
    ck_assert_ptr_nonnull(ran.process);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, a_program_sees_itself_as_without_seep, 0, WAYS);
    tcase_add_loop_test(tests, inherited_signal_settings_reach_the_program, 0, WAYS);
    tcase_add_loop_test(tests, standard_input_reaches_the_program, 0, WAYS);
}
SEEP_TEST_MAIN("transparency")
