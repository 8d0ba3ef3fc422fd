// Allocations before main, before constructors, and inside the loader: none crashes, none is lost or counted
// twice.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <signal.h>

static struct seep_run matched_run(enum way way, const char *program, const char *argument) {
    struct seep_run ran = exact_run(way, program, argument);
    ck_assert_int_eq(heap(ran.process, "unmatched_frees"), 0);
    return ran;
}

START_TEST(a_librarys_constructor_is_recorded) {
    struct seep_run ran = matched_run(_i, "early_constructor", NULL);
    assert_heap_as_counted(ran.process, ran.outcome.err);
    ck_assert_int_eq(blocks_through(ran.process, "constructor_allocates"), 1);
    ck_assert_int_eq(bytes_through(ran.process, "grow"), 4000);
}
END_TEST

START_TEST(the_programs_resolver_is_recorded) {
    struct seep_run ran = matched_run(_i, "early_resolver", "keep");
    assert_heap(ran.process, 2, 0, 300, 2, 300);
    ck_assert_int_eq(blocks_through(ran.process, "resolve_number"), 2);
}
END_TEST

START_TEST(what_the_programs_resolver_allocated_can_be_freed) {
    struct seep_run ran = matched_run(_i, "early_resolver", "free");
    assert_heap(ran.process, 2, 2, 300, 0, 0);
}
END_TEST

START_TEST(what_the_programs_resolver_allocated_can_be_grown) {
    struct seep_run ran = matched_run(_i, "early_resolver", "grow");
    assert_heap(ran.process, 3, 1, 5300, 2, 5100);
}
END_TEST

START_TEST(a_librarys_resolver_may_allocate) {
    struct seep_run ran = matched_run(_i, "early_library_resolver", "keep");
    assert_heap(ran.process, 1, 0, 300, 1, 300);
}
END_TEST

START_TEST(what_a_librarys_resolver_allocated_can_be_freed) {
    struct seep_run ran = matched_run(_i, "early_library_resolver", "free");
    assert_heap(ran.process, 1, 1, 300, 0, 0);
}
END_TEST

// What is recorded of them is the heap alone: what the calls left there.
START_TEST(resolvers_may_open_map_and_start_processes) {
    static const char *const modes[] = {"calls", "vfork"};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct seep_run ran = matched_run(_i, "early_calls", modes[i]);
        ck_assert_int_eq(heap(ran.process, "outstanding_blocks"), 0);
    }
}
END_TEST

// The process was not met yet, so there is nothing to report.
START_TEST(a_resolver_may_end_the_process) {
    static const struct {
        const char *how;
        int status;
    } ends[] = {{"exit", 5}, {"_exit", 6}, {"exec", 9}, {"abort", 128 + SIGABRT}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct outcome ended = run(&(struct command){
            .argv = {program_path("early_calls"), ends[i].how},
            .env = {text("LD_PRELOAD=%s", libseep_path()), text("SEEP_OPTIONS=-o %s", test_path("none"))}});
        ck_assert_msg(exit_status(&ended) == ends[i].status, "%s: %d %s", ends[i].how, exit_status(&ended),
                      ended.err);
    }
}
END_TEST

START_TEST(the_loaders_own_allocations_are_recorded) {
    struct seep_run ran = matched_run(_i, "dlsym_calls", NULL);
    ck_assert_int_gt(heap(ran.process, "allocations"), 100);
    assert_heap_as_counted(ran.process, ran.outcome.err);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, a_librarys_constructor_is_recorded, 0, WAYS);
    tcase_add_loop_test(tests, the_programs_resolver_is_recorded, 0, WAYS);
    tcase_add_loop_test(tests, what_the_programs_resolver_allocated_can_be_freed, 0, WAYS);
    tcase_add_loop_test(tests, what_the_programs_resolver_allocated_can_be_grown, 0, WAYS);
    tcase_add_loop_test(tests, a_librarys_resolver_may_allocate, 0, WAYS);
    tcase_add_loop_test(tests, what_a_librarys_resolver_allocated_can_be_freed, 0, WAYS);
    tcase_add_loop_test(tests, resolvers_may_open_map_and_start_processes, 0, WAYS);
    tcase_add_test(tests, a_resolver_may_end_the_process);
    tcase_add_loop_test(tests, the_loaders_own_allocations_are_recorded, 0, WAYS);
}
SEEP_TEST_MAIN("early calls")
