// Every function that opens or closes a descriptor is recorded, once and with its name and stack, and works
// as without seep: the program ends with abort if it doesn't.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <stdio.h>
#include <string.h>

// Each line "CASE name call left".
static int check_cases(const json_t *process, char *printed) {
    int count = 0;
    for (char *line = strtok(printed, "\n"); line; line = strtok(NULL, "\n")) {
        char name[64], call[64];
        long long left;
        if (sscanf(line, "CASE %60s %60s %lld", name, call, &left) != 3)
            continue;
        const char *function = text("case_%s", name);
        ck_assert_msg(fds_through(process, function, NULL) == left, "%s left %lld open, the report says %lld",
                      name, left, fds_through(process, function, NULL));
        ck_assert_msg(!left || fds_through(process, function, call) > 0, "%s is not recorded as %s", name,
                      call);
        count++;
    }
    return count;
}

static void assert_recorded(enum way way, const char *program, int cases) {
    struct seep_run run = SEEP(way, program);
    ck_assert_int_eq(exit_status(&run.outcome), 0);
    long long opened, closed;
    const char *total = strstr(run.outcome.err, "TOTAL ");
    ck_assert_msg(total && sscanf(total, "TOTAL %lld %lld", &opened, &closed) == 2, "%s", run.outcome.err);
    ck_assert_int_eq(fds(run.process, "opened"), opened);
    ck_assert_int_eq(fds(run.process, "closed"), closed);
    ck_assert_int_eq(fds(run.process, "outstanding"), opened - closed);
    ck_assert_int_eq(fds(run.process, "closed_unseen"), 0);
    ck_assert_int_eq(fds(run.process, "unattributed"), 0);
    ck_assert_int_eq(fds(run.process, "double_closes"), 0);
    ck_assert(is_exact(run.report));
    ck_assert_int_eq(check_cases(run.process, run.outcome.err), cases);
}

START_TEST(every_function_that_opens_or_closes_a_file_is_recorded) {
    assert_recorded(_i, "fd_calls", 51);
}
END_TEST

START_TEST(every_function_that_makes_another_descriptor_is_recorded) {
    assert_recorded(_i, "fd_calls_kernel", 28);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, every_function_that_opens_or_closes_a_file_is_recorded, 0, WAYS);
    tcase_add_loop_test(tests, every_function_that_makes_another_descriptor_is_recorded, 0, WAYS);
}
SEEP_TEST_MAIN("descriptor calls")
