// A program whose malloc is its own, past the hooks, must never read as one without leaks; nor one whose
// libraries are bound past the hooks, which would make leaks of what they free.
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

static void assert_inexact_because(const json_t *report, const char *words) {
    json_t *reasons = json_object_get(report, "inexact_because"), *reason;
    size_t i;
    ck_assert(!is_exact(report));
    json_array_foreach(reasons, i, reason) if (strstr(json_string_value(reason), words)) return;
    ck_abort_msg("no word of %s: %s", words, json_dumps(reasons, 0));
}

START_TEST(a_library_bound_past_the_hooks_is_said) {
    struct seep_run ran = SEEP(_i, "loads_apart", "bound_deeply");
    ck_assert_int_eq(exit_status(&ran.outcome), 0);
    assert_inexact_because(ran.report, "RTLD_DEEPBIND");
}
END_TEST

START_TEST(also_of_a_child_that_inherits_it) {
    struct seep_run ran = SEEP(_i, "loads_apart", "in_a_child");
    ck_assert_int_eq(exit_status(&ran.outcome), 0);
    json_t *child = process_forked(ran.report, 0);
    ck_assert_ptr_nonnull(child);
    ck_assert_int_eq(heap(child, "allocations"), 1);
    ck_assert(json_is_false(json_object_get(child, "exact")));
}
END_TEST

START_TEST(a_library_in_another_namespace_is_said) {
    struct seep_run ran = SEEP(_i, "loads_apart", "in_a_namespace");
    ck_assert_int_eq(exit_status(&ran.outcome), 0);
    assert_inexact_because(ran.report, "dlmopen");
}
END_TEST

START_TEST(libraries_loaded_as_usual_are_seen) {
    static const char *const cases[] = {"bound_as_others", "the_program_itself", "in_the_first_namespace"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seep_run ran = SEEP(_i, "loads_apart", cases[i]);
        ck_assert_int_eq(exit_status(&ran.outcome), 0);
        ck_assert(is_exact(ran.report));
        ck_assert_int_eq(heap(ran.process, "unmatched_frees"), 0);
        ck_assert_int_eq(blocks_through(ran.process, "drop_in"), 0);
    }
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
    tcase_add_loop_test(tests, a_library_bound_past_the_hooks_is_said, 0, WAYS);
    tcase_add_test(tests, also_of_a_child_that_inherits_it);
    tcase_add_test(tests, a_library_in_another_namespace_is_said);
    tcase_add_test(tests, libraries_loaded_as_usual_are_seen);
}

SEEP_TEST_MAIN("own malloc")
