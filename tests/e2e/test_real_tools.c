// git, curl and openssl do the same under seep as without, and so does a C++ program full of exceptions.
#include "tests/lib/real.h"
#include "tests/lib/report.h"
#include "tests/lib/suite.h"

#include <string.h>

START_TEST(git_from_init_to_gc) {
    installed("git");
    struct seep_run ran =
        carry(_i, &(struct real_job){.command.argv = {"sh", real_input("repository.sh")}, .files = {"log"}});
    ck_assert_int_eq(exit_status(&ran.outcome), 128); // of its last command, on purpose
    ck_assert_uint_ge(processes_named(ran.report, "git"), 17);
    ck_assert_msg(strstr(ran.outcome.out, "Merged") != NULL, "%s", ran.outcome.out);
}
END_TEST

START_TEST(curl_from_a_file_and_a_server) {
    installed("curl"), installed("python3");
    struct seep_run ran = carry(_i, &(struct real_job){.command.argv = {"sh", real_input("transfer.sh"),
                                                                        real_input("serve_files.py")},
                                                       .files = {"fetched"}});
    ck_assert_msg(strstr(ran.outcome.out, "missing: 22\nserver ended with 0") != NULL, "%s", ran.outcome.out);
    ck_assert_uint_ge(processes_named(ran.report, "curl"), 3);
}
END_TEST

START_TEST(nginx_with_two_workers) {
    installed("nginx"), installed("curl");
    struct seep_run ran = carry(
        _i, &(struct real_job){.command.argv = {"sh", real_input("web_server.sh")}, .files = {"first"}});
    ck_assert_msg(strstr(ran.outcome.out, "404 then ended with 0") != NULL, "%s", ran.outcome.out);
    ck_assert_uint_ge(processes_named(ran.report, "nginx"), 3);
}
END_TEST

START_TEST(openssl_keys_and_a_connection) {
    installed("openssl");
    struct seep_run ran = carry(
        _i, &(struct real_job){.command.argv = {"sh", real_input("keys.sh")}, .files = {"plain", "cipher"}});
    ck_assert_msg(strstr(ran.outcome.out, "server ended with 0") != NULL, "%s", ran.outcome.out);
    ck_assert_uint_ge(processes_named(ran.report, "openssl"), 10);
}
END_TEST

START_TEST(ten_thousand_exceptions) {
    struct seep_run ran = carry(_i, &(struct real_job){.command.argv = {program_path("throws")}});
    assert_end(executed(ran.report, "throws"), "exit", 6);
    // An exception, its message and what its frames hold, each time.
    ck_assert_int_gt(heap(executed(ran.report, "throws"), "allocations"), 10000 * 3);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, clean_environment, NULL);
    tcase_add_loop_test(tests, git_from_init_to_gc, 0, WAYS);
    tcase_add_loop_test(tests, curl_from_a_file_and_a_server, 0, WAYS);
    tcase_add_loop_test(tests, nginx_with_two_workers, 0, WAYS);
    tcase_add_loop_test(tests, openssl_keys_and_a_connection, 0, WAYS);
    tcase_add_loop_test(tests, ten_thousand_exceptions, 0, WAYS);
}
SEEP_TEST_MAIN("real tools")
