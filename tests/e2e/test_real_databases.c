// sqlite3 and redis-server, the latter with its own jemalloc, do the same under seep as without.
#include "tests/lib/real.h"
#include "tests/lib/report.h"
#include "tests/lib/suite.h"

#include <string.h>

START_TEST(sqlite_with_100000_rows) {
    struct seep_run ran =
        carry(_i, &(struct real_job){.command.argv = {installed("sqlite3"), "-batch",
                                                      ":memory:", text(".read %s", real_input("rows.sql"))}});
    ck_assert_int_eq(exit_status(&ran.outcome), 0);
    json_t *process = executed(ran.report, "sqlite3");
    ck_assert_int_gt(heap(process, "allocations"), 100000);
    ck_assert_int_eq(heap(process, "unmatched_frees"), 0);
}
END_TEST

START_TEST(redis_under_its_benchmark) {
    installed("redis-benchmark"), installed("redis-cli");
    struct seep_run ran =
        carry(_i, &(struct real_job){.command.argv = {"sh", real_input("key_value_server.sh")}});
    ck_assert_msg(strstr(ran.outcome.out, "server ended with 0") != NULL, "%s", ran.outcome.out);
    json_t *process = executed(ran.report, name_behind(installed("redis-server")));
    assert_end(process, "exit", 0);
    ck_assert_int_gt(heap(process, "allocations"), 100000);
    ck_assert_int_eq(heap(process, "unmatched_frees"), 0);
    // What a flushed and refilled table still holds: 1,000 values of 500 bytes on average, with their keys.
    ck_assert_int_gt(heap(process, "outstanding_blocks"), 2000);
    ck_assert_int_gt(heap(process, "outstanding_bytes"), 500 * 1000);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, clean_environment, NULL);
    tcase_add_loop_test(tests, sqlite_with_100000_rows, 0, WAYS);
    tcase_add_loop_test(tests, redis_under_its_benchmark, 0, WAYS);
}
SEEP_TEST_MAIN("real databases")
