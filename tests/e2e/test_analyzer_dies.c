// The analyzer is killed while the program runs: the program goes on to its normal end, output and status
// unchanged.
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static bool said_done(void *running) {
    char *output = run_output_so_far(running);
    return strstr(output, "done ") != NULL;
}

static bool was_reaped(void *status_and_pid) {
    int *pair = status_and_pid;
    return waitpid(pair[1], &pair[0], WNOHANG) == pair[1];
}

static struct running *start_and_kill_analyzer(enum way way, const char *go, int *program) {
    struct seep_job job = {.program = {.argv = {program_path("survivor"), go}}};
    struct running *running = seep_start(way, &job);
    run_wait_for_output(running, "ready ");
    ck_assert_int_eq(sscanf(run_output_so_far(running), "ready %d", program), 1);
    ck_assert_int_eq(kill(analyzer_pid(), SIGKILL), 0);
    close(open(go, O_CREAT | O_WRONLY, 0600));
    return running;
}

START_TEST(a_program_started_by_preload_goes_on_to_its_end) {
    int program;
    struct running *running = start_and_kill_analyzer(WAY_PRELOAD, test_path("go"), &program);
    struct outcome outcome = run_finish(running);
    ck_assert_int_eq(exit_status(&outcome), 7);
    ck_assert(strstr(outcome.out, "done ") != NULL);
}
END_TEST

START_TEST(a_program_started_by_run_goes_on_to_its_end) {
    prctl(PR_SET_CHILD_SUBREAPER, 1); // the program becomes ours when seep is gone
    int pair[2];
    struct running *running = start_and_kill_analyzer(WAY_RUN, test_path("go"), &pair[1]);
    ck_assert(wait_until(said_done, running));
    ck_assert(wait_until(was_reaped, pair));
    ck_assert(WIFEXITED(pair[0]));
    ck_assert_int_eq(WEXITSTATUS(pair[0]), 7);
    struct outcome seep = run_finish(running);
    ck_assert_int_eq(exit_status(&seep), 128 + SIGKILL);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, a_program_started_by_preload_goes_on_to_its_end);
    tcase_add_test(tests, a_program_started_by_run_goes_on_to_its_end);
}
SEEP_TEST_MAIN("analyzer dies")
