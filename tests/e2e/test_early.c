// Allocations before main, before constructors, and inside the loader: none crashes, none is lost or counted
// twice.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

static struct seep_run exact_run(enum way way, const char *program, const char *argument) {
    struct seep_run ran = SEEP(way, program, argument);
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s: %d %s", program, exit_status(&ran.outcome),
                  ran.outcome.err);
    ck_assert_ptr_nonnull(ran.process);
    ck_assert(is_exact(ran.report));
    ck_assert_int_eq(heap(ran.process, "unmatched_frees"), 0);
    return ran;
}

START_TEST(a_librarys_constructor_is_recorded) {
    struct seep_run ran = exact_run(_i, "early_constructor", NULL);
    assert_heap_as_counted(ran.process, ran.outcome.err);
    ck_assert_int_eq(blocks_through(ran.process, "constructor_allocates"), 1);
    ck_assert_int_eq(bytes_through(ran.process, "grow"), 4000);
}
END_TEST

START_TEST(the_programs_resolver_is_recorded) {
    struct seep_run ran = exact_run(_i, "early_resolver", "keep");
    assert_heap(ran.process, 2, 0, 300, 2, 300);
    ck_assert_int_eq(blocks_through(ran.process, "resolve_number"), 2);
}
END_TEST

START_TEST(what_the_programs_resolver_allocated_can_be_freed) {
    struct seep_run ran = exact_run(_i, "early_resolver", "free");
    assert_heap(ran.process, 2, 2, 300, 0, 0);
}
END_TEST

START_TEST(what_the_programs_resolver_allocated_can_be_grown) {
    struct seep_run ran = exact_run(_i, "early_resolver", "grow");
    assert_heap(ran.process, 3, 1, 5300, 2, 5100);
}
END_TEST

START_TEST(a_librarys_resolver_may_allocate) {
    struct seep_run ran = exact_run(_i, "early_library_resolver", "keep");
    assert_heap(ran.process, 1, 0, 300, 1, 300);
}
END_TEST

START_TEST(what_a_librarys_resolver_allocated_can_be_freed) {
    struct seep_run ran = exact_run(_i, "early_library_resolver", "free");
    assert_heap(ran.process, 1, 1, 300, 0, 0);
}
END_TEST

START_TEST(the_loaders_own_allocations_are_recorded) {
    struct seep_run ran = exact_run(_i, "dlsym_calls", NULL);
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
    tcase_add_loop_test(tests, the_loaders_own_allocations_are_recorded, 0, WAYS);
}
SEEP_TEST_MAIN("early calls")
