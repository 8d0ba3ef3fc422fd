// Processes are followed however they are made, each an entry of its own with its own counts.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct seep_run by(enum way way, const char *name) {
    struct seep_job job = {.program = {.argv = {program_path("processes"), name, program_path("leaf")}}};
    struct seep_run ran = seep_run_job(way, &job);
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s: %d %s", name, exit_status(&ran.outcome),
                  ran.outcome.err);
    ck_assert_ptr_nonnull(ran.process);
    ck_assert(is_exact(ran.report));
    ck_assert_int_eq(blocks_through(ran.process, "leak_in_parent"), 1);
    return ran;
}

static const char *begin_of(const json_t *process) {
    return json_string_value(json_object_get(process, "begin"));
}

static void assert_parent_of(const json_t *parent, const json_t *child) {
    ck_assert_int_eq(json_integer_value(json_object_get(child, "parent_pid")),
                     json_integer_value(json_object_get(parent, "pid")));
}

static void assert_leaf(const json_t *report, int blocks) {
    json_t *leaf = process_named(report, "leaf");
    ck_assert_ptr_nonnull(leaf);
    assert_heap(leaf, blocks, 0, blocks * 16, blocks, blocks * 16);
    ck_assert_int_eq(blocks_through(leaf, "leaf_leaks"), blocks);
    ck_assert_str_eq(begin_of(leaf), "exec");
    assert_end(leaf, "exit", blocks);
}

START_TEST(a_forked_child_has_its_own_blocks) {
    struct seep_run ran = by(_i, "by_fork");
    json_t *child = process_forked(ran.report, 0);
    ck_assert_ptr_nonnull(child);
    ck_assert_ptr_null(process_forked(ran.report, 1));
    assert_heap(ran.process, 2, 1, 1500, 1, 1000);
    assert_heap(child, 5, 1, 160, 5, 160);
    ck_assert_int_eq(heap(child, "unmatched_frees"), 1); // of what it inherited
    ck_assert_int_eq(blocks_through(child, "leak_in_child"), 5);
    ck_assert_int_eq(blocks_through(child, "leak_in_parent"), 0);
    assert_parent_of(ran.process, child);
    assert_end(child, "exit", 5);
    assert_end(ran.process, "exit", 0);
}
END_TEST

START_TEST(children_of_forked_children) {
    struct seep_run ran = by(_i, "by_nested_fork");
    json_t *parent = ran.process;
    for (size_t depth = 1; depth <= 3; depth++) {
        json_t *child = process_forked(ran.report, depth - 1);
        ck_assert_ptr_nonnull(child);
        assert_parent_of(parent, child);
        assert_heap(child, 1, 0, 32, 1, 32);
        assert_end(child, "exit", (long long)depth);
        parent = child;
    }
    ck_assert_ptr_null(process_forked(ran.report, 3));
}
END_TEST

static const struct {
    const char *name;
    int leaf_blocks;
} leaf_cases[] = {{"by_vfork", 3}, {"by_spawn", 4}, {"by_system", 6}, {"by_popen", 7}};
enum { LEAF_CASES = sizeof leaf_cases / sizeof *leaf_cases };

START_TEST(children_that_exec_are_followed) {
    struct seep_run ran = by(_i % WAYS, leaf_cases[_i / WAYS].name);
    assert_leaf(ran.report, leaf_cases[_i / WAYS].leaf_blocks);
    ck_assert_uint_eq(processes_named(ran.report, "leaf"), 1);
    assert_end(ran.process, "exit", 0);
}
END_TEST

START_TEST(a_vforked_child_whose_exec_fails_leaves_its_parent_recording) {
    struct seep_run ran = by(_i, "by_vfork_that_fails");
    assert_heap(ran.process, 2, 1, 1077, 1, 1000);
    assert_end(ran.process, "exit", 0);
}
END_TEST

START_TEST(an_exec_ends_one_entry_and_begins_another) {
    struct seep_job job = {.program = {.argv = {program_path("processes"), "by_exec", program_path("leaf")}}};
    struct seep_run ran = seep_run_job(_i, &job);
    ck_assert_int_eq(exit_status(&ran.outcome), 8);
    assert_heap(ran.process, 1, 0, 1000, 1, 1000);
    assert_end(ran.process, "exec", 0);
    assert_leaf(ran.report, 8);
    ck_assert_int_eq(json_integer_value(json_object_get(ran.process, "pid")),
                     json_integer_value(json_object_get(process_named(ran.report, "leaf"), "pid")));
}
END_TEST

START_TEST(a_program_that_execs_itself_has_two_entries) {
    struct seep_run ran = by(_i, "by_exec_of_itself");
    ck_assert_uint_eq(processes_named(ran.report, "processes"), 2);
    assert_end(ran.process, "exec", 0);
    json_t *second = json_array_get(json_object_get(ran.report, "processes"), 1);
    assert_heap(second, 10, 0, 1000 + 9 * 32, 10, 1000 + 9 * 32);
    assert_end(second, "exit", 0);
}
END_TEST

START_TEST(an_exec_that_fails_ends_nothing) {
    struct seep_run ran = by(_i, "by_exec_that_fails");
    assert_heap(ran.process, 3, 0, 1064, 3, 1064);
    assert_end(ran.process, "exit", 0);
}
END_TEST

START_TEST(a_daemon_that_closes_everything_is_followed) {
    struct seep_run ran = by(_i, "by_daemon");
    json_t *daemon = NULL;
    for (size_t i = 0; process_forked(ran.report, i); i++)
        if (blocks_through(process_forked(ran.report, i), "leak_in_child") > 0)
            daemon = process_forked(ran.report, i);
    ck_assert_ptr_nonnull(daemon);
    assert_heap(daemon, 10, 0, 320, 10, 320);
    assert_end(daemon, "exit", 10);
}
END_TEST

START_TEST(a_program_that_forks_while_threads_allocate) {
    struct seep_run ran = SEEP(_i, "fork_with_threads");
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s", ran.outcome.err);
    ck_assert(is_exact(ran.report));
    ck_assert_int_eq(blocks_through(ran.process, "leak_in_parent"), 100);
    for (size_t i = 0; i < 100; i++) {
        json_t *child = process_forked(ran.report, i);
        ck_assert_msg(child != NULL, "only %zu children", i);
        ck_assert_int_eq(blocks_through(child, "leak_in_child"), 2);
        ck_assert_int_eq(heap(child, "allocations"), 102);
        ck_assert_int_eq(heap(child, "frees"), 100);
        assert_end(child, "exit", 3);
    }
    ck_assert_ptr_null(process_forked(ran.report, 100));
}
END_TEST

START_TEST(a_child_started_with_an_empty_environment_runs_as_without_seep) {
    struct seep_run ran = by(_i, "by_exec_with_empty_environment");
    assert_end(ran.process, "exit", 0);
}
END_TEST

START_TEST(with_children_ignored_only_the_program_is_reported) {
    struct seep_job job = {.program = {.argv = {program_path("processes"), "by_spawn", program_path("leaf")}},
                           .options = {"--children", "ignore"}};
    struct seep_run ran = seep_run_job(_i, &job);
    ck_assert_int_eq(exit_status(&ran.outcome), 0);
    ck_assert_ptr_nonnull(ran.process);
    ck_assert_uint_eq(json_array_size(json_object_get(ran.report, "processes")), 1);
    ck_assert_int_eq(blocks_through(ran.process, "leak_in_parent"), 1);
    job.program.argv[1] = "by_fork";
    ran = seep_run_job(_i, &job);
    ck_assert_int_eq(exit_status(&ran.outcome), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(ran.report, "processes")), 1);
    assert_heap(ran.process, 2, 1, 1500, 1, 1000);
}
END_TEST

static const char *written(const char *name, const char *content, mode_t mode) {
    const char *path = test_path(name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(content, file);
    fclose(file);
    ck_assert_int_eq(chmod(path, mode), 0);
    return path;
}

START_TEST(a_shell_script_and_its_commands_are_followed) {
    const char *leaf = program_path("leaf");
    const char *script =
        written("script", text("#!/bin/sh\n%s 1\n(%s 2)\n%s 3 | cat\nexit 9\n", leaf, leaf, leaf), 0700);
    struct seep_job job = {.program = {.argv = {script}}};
    struct seep_run ran = seep_run_job(_i, &job);
    ck_assert_int_eq(exit_status(&ran.outcome), 9);
    ck_assert_uint_eq(processes_named(ran.report, "leaf"), 3);
    ck_assert_ptr_nonnull(process_named(ran.report, "cat"));
    assert_leaf(ran.report, 1);
}
END_TEST

START_TEST(a_parallel_make_and_its_commands_are_followed) {
    const char *leaf = program_path("leaf");
    const char *makefile = written(
        "Makefile", text("all: 1 2 3 4 5 6 7 8\n1 2 3 4 5 6 7 8:\n\t@%s $@ || test $$? = $@\n", leaf), 0600);
    struct seep_job job = {.program = {.argv = {"make", "-j4", "-f", makefile}}};
    struct seep_run ran = seep_run_job(_i, &job);
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s%s", ran.outcome.out, ran.outcome.err);
    ck_assert_uint_eq(processes_named(ran.report, "leaf"), 8);
    ck_assert_ptr_nonnull(process_named(ran.report, "make"));
    ck_assert(is_exact(ran.report));
    long long blocks = 0;
    size_t index;
    json_t *process;
    json_array_foreach(json_object_get(ran.report, "processes"), index, process) {
        blocks += blocks_through(process, "leaf_leaks");
    }
    ck_assert_int_eq(blocks, 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8);
}
END_TEST

static const char *reasons_of(const json_t *report) {
    return json_dumps(json_object_get(report, "inexact_because"), 0);
}

// Nothing of their programs ran, so nothing went unrecorded.
START_TEST(a_child_that_dies_while_it_connects_takes_nothing_from_the_figures) {
    static const char *const cases[] = {"killed_while_it_waits", "gone_before_the_hello"};
    struct seep_job job = {.program = {.argv = {program_path("meetings"), cases[_i], program_path("leaf")}}};
    struct seep_run ran = seep_run_job(WAY_RUN, &job);
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s", ran.outcome.err);
    ck_assert_msg(is_exact(ran.report), "%s", reasons_of(ran.report));
}
END_TEST

START_TEST(a_child_that_cannot_take_the_memory_is_said_to_run_unrecorded) {
    struct seep_job job = {
        .program = {.argv = {program_path("meetings"), "no_room_for_the_answer", program_path("leaf")}}};
    struct seep_run ran = seep_run_job(WAY_RUN, &job);
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s", ran.outcome.err);
    ck_assert(!is_exact(ran.report));
    ck_assert_msg(strstr(reasons_of(ran.report), "leaf) could not take seep's memory (Too many open files) "
                                                 "and ran unrecorded") != NULL,
                  "%s", reasons_of(ran.report));
}
END_TEST

// A copy that every user may read, wherever the tests were built.
static const char *copied(const char *path, const char *name) {
    struct outcome outcome = run(&(struct command){.argv = {"cp", path, test_path(name)}});
    ck_assert_int_eq(exit_status(&outcome), 0);
    ck_assert_int_eq(chmod(test_path(name), 0755), 0);
    ck_assert_int_eq(chmod(test_directory(), 0755), 0);
    return test_path(name);
}

static const char *preloaded_copy(void) {
    return text("LD_PRELOAD=%s", copied(libseep_path(), "libseep.so"));
}

#define AS_ANOTHER_USER "setpriv", "--reuid=65534", "--clear-groups"

START_TEST(a_program_that_root_starts_as_another_user_is_followed) {
    if (geteuid() != 0)
        return;
    struct seep_job job = {.program = {.argv = {"env", preloaded_copy(), AS_ANOTHER_USER,
                                                copied(program_path("leaf"), "leaf"), "3"}}};
    struct seep_run ran = seep_run_job(_i, &job);
    ck_assert_msg(exit_status(&ran.outcome) == 3, "%s", ran.outcome.err);
    ck_assert_str_eq(ran.outcome.err, "");
    ck_assert(is_exact(ran.report));
    assert_leaf(ran.report, 3);
}
END_TEST

static bool named_a_session(void *context) {
    return strchr(run_output_so_far(context), '\n') != NULL;
}

START_TEST(another_user_who_is_no_child_is_not_let_in) {
    if (geteuid() != 0)
        return;
    const char *wait = text("echo $SEEP_SESSION; until [ -e %s ]; do sleep 0.02; done", test_path("over"));
    struct seep_job job = {.program = {.argv = {"sh", "-c", wait}}};
    struct running *running = seep_start(_i, &job);
    ck_assert(wait_until(named_a_session, running));
    const char *session = text("SEEP_SESSION=%s", strtok(run_output_so_far(running), "\n"));
    struct outcome stranger =
        run(&(struct command){.argv = {AS_ANOTHER_USER, "env", preloaded_copy(), session,
                                       copied(program_path("leaf"), "leaf"), "3"}});
    written("over", "", 0600);
    struct seep_run ran = seep_finish(running, &job);
    ck_assert_int_eq(exit_status(&stranger), 3);
    ck_assert_msg(strstr(stranger.err, "runs unrecorded") != NULL, "%s", stranger.err);
    ck_assert_ptr_null(process_named(ran.report, "leaf"));
    ck_assert(!is_exact(ran.report)); // it may have been one of ours
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, a_forked_child_has_its_own_blocks, 0, WAYS);
    tcase_add_loop_test(tests, children_of_forked_children, 0, WAYS);
    tcase_add_loop_test(tests, children_that_exec_are_followed, 0, LEAF_CASES * WAYS);
    tcase_add_loop_test(tests, a_vforked_child_whose_exec_fails_leaves_its_parent_recording, 0, WAYS);
    tcase_add_loop_test(tests, an_exec_ends_one_entry_and_begins_another, 0, WAYS);
    tcase_add_loop_test(tests, a_program_that_execs_itself_has_two_entries, 0, WAYS);
    tcase_add_loop_test(tests, an_exec_that_fails_ends_nothing, 0, WAYS);
    tcase_add_loop_test(tests, a_daemon_that_closes_everything_is_followed, 0, WAYS);
    tcase_add_loop_test(tests, a_program_that_forks_while_threads_allocate, 0, WAYS);
    tcase_add_loop_test(tests, a_child_started_with_an_empty_environment_runs_as_without_seep, 0, WAYS);
    tcase_add_loop_test(tests, with_children_ignored_only_the_program_is_reported, 0, WAYS);
    tcase_add_loop_test(tests, a_program_that_root_starts_as_another_user_is_followed, 0, WAYS);
    tcase_add_loop_test(tests, another_user_who_is_no_child_is_not_let_in, 0, WAYS);
    tcase_add_loop_test(tests, a_shell_script_and_its_commands_are_followed, 0, WAYS);
    tcase_add_loop_test(tests, a_parallel_make_and_its_commands_are_followed, 0, WAYS);
    tcase_add_loop_test(tests, a_child_that_dies_while_it_connects_takes_nothing_from_the_figures, 0, 2);
    tcase_add_test(tests, a_child_that_cannot_take_the_memory_is_said_to_run_unrecorded);
}
SEEP_TEST_MAIN("processes")
