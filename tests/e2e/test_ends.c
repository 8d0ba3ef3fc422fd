// However a program ends, its report comes, says how, and holds all that was recorded; the exit status is its
// own.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct end_case {
    const char *name;
    const char *how;
    int code_or_signal;
    int status;         // as a shell sees it
    int leaked_at_exit; // blocks of 10 bytes, besides the one of 100
} ends[] = {
    {"returns", "exit", 40, 40, 0},
    {"exits", "exit", 41, 41, 0},
    {"exits_in_a_thread", "exit", 42, 42, 0},
    {"allocates_in_an_exit_handler", "exit", 43, 43, 1},
    {"underscore_exits", "exit", 44, 44, 0},
    {"capital_exits", "exit", 45, 45, 0},
    {"quick_exits", "exit", 46, 46, 1},
    {"aborts", "signal", SIGABRT, 128 + SIGABRT, 0},
    {"segfaults", "signal", SIGSEGV, 128 + SIGSEGV, 0},
    {"kills_itself", "signal", SIGKILL, 128 + SIGKILL, 0},
    {"terminates_itself", "signal", SIGTERM, 128 + SIGTERM, 0},
    {"catches_and_exits_on_signal", "exit", SIGTERM, SIGTERM, 0},
    {"ends_with_its_last_thread", "exit", 0, 0, 1},
};
enum { ENDS = sizeof ends / sizeof *ends };

START_TEST(every_end_is_reported) {
    const struct end_case *end = &ends[_i / 2 / WAYS];
    struct seep_job job = {.program = {.argv = {program_path("ends"), end->name}},
                           .options = {"--verdict", _i / WAYS % 2 ? "on" : "off"}};
    struct seep_run ran = seep_run_job(_i % WAYS, &job);
    ck_assert_msg(exit_status(&ran.outcome) == end->status, "%s: status %d: %s", end->name,
                  exit_status(&ran.outcome), ran.outcome.err);
    assert_end(ran.process, end->how, end->code_or_signal);
    ck_assert_int_eq(blocks_through(ran.process, "leak_before_end"), 1);
    ck_assert_int_eq(bytes_through(ran.process, "leak_before_end"), 100);
    ck_assert_int_eq(blocks_through(ran.process, "leak_at_exit"), end->leaked_at_exit);
    ck_assert(is_exact(ran.report));
}
END_TEST

START_TEST(a_program_killed_from_outside_is_reported) {
    struct seep_job job = {.program = {.argv = {program_path("ends"), "waits_to_be_killed"}}};
    struct running *running = seep_start(_i, &job);
    run_wait_for_output(running, "ready ");
    int pid;
    ck_assert_int_eq(sscanf(run_output_so_far(running), "ready %d", &pid), 1);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    struct seep_run ran = seep_finish(running, &job);
    ck_assert_int_eq(exit_status(&ran.outcome), 128 + SIGKILL);
    assert_end(ran.process, "signal", SIGKILL);
    assert_heap(ran.process, 1, 0, 100, 1, 100);
    ck_assert(is_exact(ran.report));
}
END_TEST

START_TEST(an_exec_into_a_program_that_cannot_be_followed_is_reported) {
    struct seep_job job = {
        .program = {.argv = {program_path("ends"), "execs", program_path("static_program")}}};
    struct seep_run ran = seep_run_job(_i, &job);
    ck_assert_int_eq(exit_status(&ran.outcome), 17);
    assert_end(ran.process, "exec", 0);
    assert_heap(ran.process, 1, 0, 100, 1, 100);
}
END_TEST

static void ignore_children(void) {
    signal(SIGCHLD, SIG_IGN);
}

START_TEST(a_caller_that_ignores_its_children_changes_nothing) {
    struct seep_job job = {.program = {.argv = {program_path("ends"), "exits"}, .prepare = ignore_children}};
    struct seep_run ran = seep_run_job(_i, &job);
    ck_assert_int_eq(exit_status(&ran.outcome), 41);
    assert_end(ran.process, "exit", 41);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, every_end_is_reported, 0, ENDS * 2 * WAYS);
    tcase_add_loop_test(tests, a_program_killed_from_outside_is_reported, 0, WAYS);
    tcase_add_loop_test(tests, an_exec_into_a_program_that_cannot_be_followed_is_reported, 0, WAYS);
    tcase_add_loop_test(tests, a_caller_that_ignores_its_children_changes_nothing, 0, WAYS);
}
SEEP_TEST_MAIN("ends")
