// Nothing is lost: not when rings are far too small, not when the analyzer is stopped for a while.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

START_TEST(ten_million_events_of_eight_threads_through_small_rings) {
    struct seep_job job = {
        .program = {.argv = {program_path("many_events")}, .env = {"SEEP_DEBUG_RING_SLOTS=64"}}};
    struct seep_run ran = seep_run_job(WAY_RUN, &job);
    long long allocations, frees, bytes;
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s", ran.outcome.err);
    ck_assert_int_eq(sscanf(ran.outcome.out, "%lld %lld %lld", &allocations, &frees, &bytes), 3);
    ck_assert_int_ge(allocations + frees, 10 * 1000 * 1000 - 256);
    // libc's own for the eight threads: their thread-local data, which stays cached at the end.
    long long of_libc = heap(ran.process, "allocations") - allocations;
    ck_assert_int_ge(of_libc, 1);
    ck_assert_int_le(of_libc, 8);
    ck_assert_int_eq(blocks_through(ran.process, "thread_main"), allocations - frees);
    ck_assert_int_eq(heap(ran.process, "outstanding_blocks"),
                     allocations + of_libc - heap(ran.process, "frees"));
    ck_assert_int_eq(heap(ran.process, "unmatched_frees"), 0);
    ck_assert_int_ge(heap(ran.process, "allocated_bytes"), bytes);
    ck_assert(is_exact(ran.report));
}
END_TEST

static bool sleeps_or_is_gone(void *pid_text) {
    char *status = file_read(text("/proc/%s/stat", (const char *)pid_text), NULL);
    const char *name_end = status ? strrchr(status, ')') : NULL;
    return !name_end || name_end[2] == 'S' || name_end[2] == 'Z';
}

START_TEST(an_analyzer_stopped_for_a_while_loses_nothing) {
    const char *go = test_path("go");
    struct seep_job job = {
        .program = {.argv = {program_path("survivor"), go}, .env = {"SEEP_DEBUG_RING_SLOTS=64"}}};
    struct running *running = seep_start(_i, &job);
    run_wait_for_output(running, "ready ");
    int pid;
    ck_assert_int_eq(sscanf(run_output_so_far(running), "ready %d", &pid), 1);
    pid_t analyzer = analyzer_pid();
    ck_assert_int_eq(kill(analyzer, SIGSTOP), 0);
    int fd = open(go, O_CREAT | O_WRONLY, 0600);
    close(fd);
    ck_assert(wait_until(sleeps_or_is_gone, (void *)text("%d", pid))); // its ring is full
    ck_assert_int_eq(kill(analyzer, SIGCONT), 0);
    struct seep_run ran = seep_finish(running, &job);
    long long allocations;
    ck_assert_int_eq(exit_status(&ran.outcome), 7);
    ck_assert_int_eq(sscanf(strstr(ran.outcome.out, "done"), "done %lld", &allocations), 1);
    ck_assert(is_exact(ran.report));
    assert_heap(ran.process, allocations, allocations - 3, (allocations - 3) * 30 + 300, 3, 300);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, ten_million_events_of_eight_threads_through_small_rings);
    tcase_add_loop_test(tests, an_analyzer_stopped_for_a_while_loses_nothing, 0, WAYS);
}
SEEP_TEST_MAIN("nothing lost")
