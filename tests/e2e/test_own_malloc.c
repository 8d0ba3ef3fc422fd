// A program whose malloc is its own, past the hooks, must never read as one without leaks.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <string.h>

START_TEST(a_program_with_its_own_malloc_is_reported_as_unseen) {
    struct seep_run ran = SEEP(_i, "own_malloc");
    ck_assert_int_eq(exit_status(&ran.outcome), 0);
    ck_assert_int_eq(heap(ran.process, "allocations"), 0);
    ck_assert(!is_exact(ran.report));
    const char *reason = json_string_value(json_array_get(json_object_get(ran.report, "inexact_because"), 0));
    ck_assert_ptr_nonnull(reason);
    ck_assert_msg(strstr(reason, "defines malloc itself") != NULL, "%s", reason);
}
END_TEST

START_TEST(a_program_without_one_is_not) {
    struct seep_run ran = SEEP(_i, "leaf", "1");
    ck_assert(is_exact(ran.report));
}
END_TEST

START_TEST(an_entry_for_mallocs_address_is_no_malloc_of_its_own) {
    struct seep_run ran = SEEP(_i, "malloc_address");
    ck_assert_int_eq(exit_status(&ran.outcome), 0);
    ck_assert(is_exact(ran.report));
    assert_heap(ran.process, 2, 0, 35, 2, 35);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, a_program_with_its_own_malloc_is_reported_as_unseen, 0, WAYS);
    tcase_add_loop_test(tests, an_entry_for_mallocs_address_is_no_malloc_of_its_own, 0, WAYS);
    tcase_add_loop_test(tests, a_program_without_one_is_not, 0, WAYS);
}

SEEP_TEST_MAIN("own malloc")
