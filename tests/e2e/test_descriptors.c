// What is left open, where it came from and what it is; what was closed twice; what no hook saw. And that the
// program sees nothing of seep's.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct seep_run way_of(int way, const char *name) {
    struct seep_run run = SEEP((enum way)way, "fd_ways", name);
    ck_assert_msg(exit_status(&run.outcome) == 0, "%s", run.outcome.err);
    ck_assert_ptr_nonnull(run.process);
    return run;
}

static const char *word(const json_t *object, const char *member) {
    const char *value = json_string_value(json_object_get(object, member));
    return value ? value : "";
}

START_TEST(raw_system_calls_are_found_and_blame_nobody) {
    struct seep_run run = way_of(_i, "raw");
    ck_assert_int_eq(fds(run.process, "unattributed"), 1);
    ck_assert_int_eq(fds(run.process, "closed_unseen"), 1);
    ck_assert_int_eq(fds(run.process, "outstanding"), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(run.process, "unattributed")), 1);
}
END_TEST

static void assert_step(const json_t *misuse, const char *step, const char *function) {
    const json_t *frame = json_array_get(json_object_get(json_object_get(misuse, step), "frames"), 0);
    ck_assert_str_eq(word(frame, "function"), function);
}

START_TEST(a_double_close_has_three_stacks) {
    struct seep_run run = way_of(_i, "twice");
    ck_assert_int_eq(fds(run.process, "double_closes"), 1);
    ck_assert_int_eq(fds(run.process, "closes_of_unopened"), 1);
    ck_assert_int_eq(fds(run.process, "swept"), 0);
    const json_t *misuses = json_object_get(run.process, "misuse");
    ck_assert_uint_eq(json_array_size(misuses), 2);
    const json_t *twice = json_array_get(misuses, 0), *never = json_array_get(misuses, 1);
    if (strcmp(word(twice, "kind"), "double_close") != 0) {
        never = twice;
        twice = json_array_get(misuses, 1);
    }
    assert_step(twice, "opened", "open_one");
    assert_step(twice, "closed", "close_first");
    assert_step(twice, "again", "close_second");
    ck_assert_str_eq(word(never, "kind"), "close_of_unopened");
    ck_assert_int_eq(json_integer_value(json_object_get(never, "fd")), 777);
    ck_assert(json_is_null(json_object_get(never, "opened")));
}
END_TEST

START_TEST(a_sweep_over_all_numbers_is_no_misuse) {
    struct seep_run run = way_of(_i, "sweep");
    ck_assert_int_eq(fds(run.process, "double_closes"), 0);
    ck_assert_int_eq(fds(run.process, "closes_of_unopened"), 0);
    ck_assert_int_gt(fds(run.process, "swept"), 1000);
    ck_assert_int_eq(fds(run.process, "closed"), 1);
}
END_TEST

START_TEST(what_a_child_inherits_is_its_parents) {
    struct seep_run run = way_of(_i, "forks");
    ck_assert_int_eq(fds(run.process, "outstanding"), 3);
    const json_t *child = process_forked(run.report, 0);
    ck_assert_ptr_nonnull(child);
    ck_assert_int_eq(fds(child, "opened"), 1);
    ck_assert_int_eq(fds(child, "outstanding"), 1);
    ck_assert_int_eq(fds(child, "unattributed"), 0);
    ck_assert_int_eq(fds(child, "inherited"), fds(run.process, "inherited") + 2);
}
END_TEST

// The program, what it spawns and what it turns into: the first leaks nothing to itself, the others inherit.
START_TEST(exec_passes_on_what_is_not_close_on_exec) {
    struct seep_run run = way_of(_i, "executes");
    size_t index, ends = 0;
    const json_t *process, *processes = json_object_get(run.report, "processes");
    ck_assert_uint_eq(json_array_size(processes), 3);
    json_array_foreach(processes, index, process) {
        ck_assert_int_eq(fds(process, "outstanding"), 0);
        if (strcmp(word(json_object_get(process, "end"), "how"), "exec") == 0)
            continue;
        ends++;
        ck_assert_int_eq(fds(process, "unattributed"), 0);
        ck_assert_int_eq(fds(process, "inherited"),
                         fds(json_array_get(processes, index == 2 ? 1 : 2), "inherited"));
    }
    ck_assert_uint_eq(ends, 2);
}
END_TEST

// The first example of the site that this call opened.
static const json_t *example_of(const json_t *process, const char *call) {
    size_t index;
    json_t *site;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        if (strcmp(word(site, "kind"), "fd") == 0 && strcmp(word(site, "call"), call) == 0)
            return json_array_get(json_object_get(site, "examples"), 0);
    }
    ck_abort_msg("nothing is open by %s", call);
    return NULL;
}

static void assert_example(const json_t *process, const char *call, const char *type, const char *target) {
    const json_t *example = example_of(process, call);
    ck_assert_str_eq(word(example, "type"), type);
    ck_assert_msg(strstr(word(example, "target"), target), "%s: %s is not %s", call, word(example, "target"),
                  target);
}

START_TEST(each_is_described) {
    struct seep_run run = way_of(_i, "described");
    assert_example(run.process, "open", "file", "/etc/passwd");
    ck_assert_str_eq(word(example_of(run.process, "open"), "detail"), "read-only, offset 7, close-on-exec");
    assert_example(run.process, "inotify_init1", "inotify", "2 watches");
    assert_example(run.process, "epoll_create1", "epoll", "descriptor ");
    assert_example(run.process, "timerfd_create", "timerfd", "next in ");
    assert_example(run.process, "socketpair", "socket", "its other end is ");
    ck_assert_str_eq(word(example_of(run.process, "socketpair"), "state"), "CONNECTED");
    assert_example(run.process, "pipe", "pipe", "its other end is ");
    ck_assert_str_eq(word(example_of(run.process, "pipe"), "state"), "read end");
    assert_example(run.process, "socket", "socket", "");
}
END_TEST

START_TEST(handlers_threads_and_fork_handlers_are_counted_exactly) {
    struct seep_run run = way_of(_i, "signals");
    ck_assert(is_exact(run.report));
    ck_assert_int_eq(fds(run.process, "outstanding"), 0);
    ck_assert_int_eq(fds(run.process, "closed_unseen"), 0);
    run = way_of(_i, "threads");
    ck_assert(is_exact(run.report));
    ck_assert_int_eq(fds(run.process, "opened"), 4 * 8 * 2000 + 4);
    ck_assert_int_eq(fds(run.process, "outstanding"), 4);
    run = way_of(_i, "atfork");
    const json_t *child = process_forked(run.report, 0);
    ck_assert_int_eq(fds(run.process, "opened"), 1);
    ck_assert_int_eq(fds(child, "opened"), 1);
    ck_assert_int_eq(fds(child, "unattributed"), 0);
}
END_TEST

START_TEST(what_takes_a_standard_streams_place_is_no_leak) {
    struct seep_run run = way_of(_i, "streams");
    ck_assert_int_eq(fds(run.process, "outstanding"), 1);
    ck_assert_int_eq(fds(run.process, "standard"), 2);
    ck_assert_int_eq(json_integer_value(json_object_get(example_of(run.process, "dup2"), "fd")), 300);
    ck_assert_int_eq(fds_through(run.process, "open_one", NULL), 0);
}
END_TEST

START_TEST(a_killed_program_is_told_by_its_record_alone) {
    struct seep_job job = {.program = {.argv = {program_path("fd_ways"), "killed"}}, .text_too = true};
    struct seep_run run = seep_run_job((enum way)_i, &job);
    ck_assert_int_eq(fds(run.process, "outstanding"), 2);
    const json_t *totals = json_object_get(json_object_get(run.process, "totals"), "fd");
    ck_assert(json_is_null(json_object_get(totals, "unattributed")));
    ck_assert(json_is_null(json_object_get(totals, "inherited")));
}
END_TEST

START_TEST(what_is_not_tracked_is_not_reported) {
    struct seep_job job = {.program = {.argv = {program_path("fd_ways"), "forks"}},
                           .options = {"--track", "heap"}};
    struct seep_run run = seep_run_job((enum way)_i, &job);
    ck_assert(json_is_null(json_object_get(json_object_get(run.process, "totals"), "fd")));
    ck_assert_int_eq(fds_through(run.process, "main", NULL), 0);
}
END_TEST

// A service that forgets to close what its peer has closed: the incident, and its report.
START_TEST(sockets_in_close_wait_are_one_site_and_near_the_limit) {
    const char *path = test_path("text");
    struct command command = {
        .argv = {seep_path(), "run", "-o", path, "--", program_path("fd_close_wait"), "900"}};
    struct outcome outcome = run(&command);
    ck_assert_int_eq(exit_status(&outcome), 0);
    char *report = file_read(path, NULL);
    ck_assert_msg(strstr(report, "#1  900 sockets, 890 in CLOSE_WAIT, 10 in ESTABLISHED, socket called from\n"
                                 "        ask "),
                  "%s", report);
    ck_assert_msg(strstr(report, "of the 1,000 descriptors open that it may have (RLIMIT_NOFILE)"), "%s",
                  report);
    ck_assert_msg(strstr(report, "1 socket, in LISTEN, tcp 127.0.0.1:"), "%s", report);
}
END_TEST

static void more_open_ones(void) {
    for (int fd = 40; fd < 45; fd++)
        fcntl(0, F_DUPFD, fd);
}

// The program lists /proc/self/fd itself, at its start, when it has allocated, after a fork and in a thread.
START_TEST(the_program_sees_no_descriptor_of_seeps) {
    struct command alone = {.argv = {program_path("fd_list")}, .prepare = more_open_ones};
    struct outcome truth = run(&alone);
    struct seep_job job = {.program = alone};
    struct seep_run under = seep_run_job((enum way)_i, &job);
    ck_assert_str_eq(under.outcome.out, truth.out);
    ck_assert_ptr_nonnull(strstr(truth.out, "44"));
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, raw_system_calls_are_found_and_blame_nobody, 0, WAYS);
    tcase_add_loop_test(tests, a_double_close_has_three_stacks, 0, WAYS);
    tcase_add_loop_test(tests, a_sweep_over_all_numbers_is_no_misuse, 0, WAYS);
    tcase_add_loop_test(tests, what_a_child_inherits_is_its_parents, 0, WAYS);
    tcase_add_loop_test(tests, exec_passes_on_what_is_not_close_on_exec, 0, WAYS);
    tcase_add_loop_test(tests, each_is_described, 0, WAYS);
    tcase_add_loop_test(tests, handlers_threads_and_fork_handlers_are_counted_exactly, 0, WAYS);
    tcase_add_loop_test(tests, what_takes_a_standard_streams_place_is_no_leak, 0, WAYS);
    tcase_add_loop_test(tests, a_killed_program_is_told_by_its_record_alone, 0, WAYS);
    tcase_add_loop_test(tests, what_is_not_tracked_is_not_reported, 0, WAYS);
    tcase_add_test(tests, sockets_in_close_wait_are_one_site_and_near_the_limit);
    tcase_add_loop_test(tests, the_program_sees_no_descriptor_of_seeps, 0, WAYS);
}
SEEP_TEST_MAIN("descriptors")
