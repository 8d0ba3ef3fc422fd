// python3, perl and bash do the same under seep as without, and every process of theirs is recorded exactly.
#include "tests/lib/real.h"
#include "tests/lib/report.h"
#include "tests/lib/suite.h"

START_TEST(python_with_threads_and_json) {
    struct seep_run ran = carry(
        _i,
        &(struct real_job){.command.argv = {installed("python3"), real_input("json_threads.py"), "word"}});
    ck_assert_int_eq(exit_status(&ran.outcome), 3);
    ck_assert_uint_eq(json_array_size(json_object_get(ran.report, "processes")), 1);
    json_t *process = json_array_get(json_object_get(ran.report, "processes"), 0);
    assert_end(process, "exit", 3);
    ck_assert_int_gt(heap(process, "allocations"), 1000);
    ck_assert_int_eq(heap(process, "unmatched_frees"), 0);
}
END_TEST

START_TEST(perl_with_a_child) {
    struct seep_run ran =
        carry(_i, &(struct real_job){.command.argv = {installed("perl"), real_input("words.pl")},
                                     .command.env = {"PERL_HASH_SEED=0"}});
    assert_end(executed(ran.report, "perl"), "exit", 4);
    ck_assert_int_gt(heap(executed(ran.report, "perl"), "allocations"), 60000);
    assert_end(executed(ran.report, "expr"), "exit", 0);
    assert_child_of(ran.report, "expr", "perl");
}
END_TEST

START_TEST(bash_with_pipelines) {
    struct seep_run ran =
        carry(_i, &(struct real_job){.command.argv = {installed("bash"), real_input("pipeline.sh")},
                                     .command.env = {"LC_ALL=C"},
                                     .files = {"lines", "lines.gz", "message"}});
    ck_assert_int_eq(exit_status(&ran.outcome), 5);
    assert_end(executed(ran.report, "bash"), "exit", 5);
    static const char *const stages[] = {"sort", "tee", "grep", "cut", "gzip", "wc"};
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
        assert_end(executed(ran.report, stages[i]), "exit", 0);
    assert_child_of(ran.report, "gzip", "bash");
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, clean_environment, NULL);
    tcase_add_loop_test(tests, python_with_threads_and_json, 0, WAYS);
    tcase_add_loop_test(tests, perl_with_a_child, 0, WAYS);
    tcase_add_loop_test(tests, bash_with_pipelines, 0, WAYS);
}
SEEP_TEST_MAIN("real interpreters")
