// gcc, alone and under make -j4, makes the same files under seep as without, and each of its processes is
// recorded exactly.
#include "tests/lib/real.h"
#include "tests/lib/report.h"
#include "tests/lib/suite.h"

#include <string.h>

// The compiler proper, which gcc starts.
static const char *cc1(void) {
    struct outcome outcome = run(&(struct command){.argv = {installed("gcc"), "-print-prog-name=cc1"}});
    outcome.out[strcspn(outcome.out, "\n")] = '\0';
    ck_assert_msg(outcome.out[0] == '/', "gcc knows no cc1: %s", outcome.out);
    return outcome.out;
}

START_TEST(cc1_on_a_generated_file) {
    struct seep_run ran = carry(_i, &(struct real_job){.setup = "generated_c.sh",
                                                       .command.argv = {cc1(), "-quiet", "-O1", "-g",
                                                                        "generated.c", "-o", "generated.s"},
                                                       .files = {"generated.s"}});
    ck_assert_int_eq(exit_status(&ran.outcome), 0);
    ck_assert_int_gt(heap(executed(ran.report, "cc1"), "allocations"), 500000);
}
END_TEST

START_TEST(gcc_with_its_children) {
    struct seep_run ran =
        carry(_i, &(struct real_job){.setup = "generated_c.sh",
                                     .command.argv = {installed("gcc"), "-O1", "-c", "small.c"},
                                     .files = {"small.o"}});
    assert_end(executed(ran.report, "cc1"), "exit", 0);
    assert_child_of(ran.report, "cc1", name_behind(installed("gcc")));
    ck_assert_uint_ge(json_array_size(json_object_get(ran.report, "processes")), 3); // gcc, cc1, as
}
END_TEST

START_TEST(make_with_four_jobs) {
    struct seep_run ran = carry(_i, &(struct real_job){.setup = "project.sh",
                                                       .command.argv = {installed("make"), "-j4"},
                                                       .files = {"result", "sum", "part1.o", "part20.o"}});
    ck_assert_int_eq(exit_status(&ran.outcome), 0);
    ck_assert_uint_eq(processes_named(ran.report, "cc1"), 21);
    assert_end(executed(ran.report, "sum"), "exit", 0);
    assert_end(executed(ran.report, "seq"), "exit", 0);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, clean_environment, NULL);
    tcase_add_loop_test(tests, cc1_on_a_generated_file, 0, WAYS);
    tcase_add_loop_test(tests, gcc_with_its_children, 0, WAYS);
    tcase_add_loop_test(tests, make_with_four_jobs, 0, WAYS);
}
SEEP_TEST_MAIN("real compilers")
