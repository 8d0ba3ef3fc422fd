// Each format from a real run and from a saved report: the same sites, where they were asked to go.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const formats[] = {"folded", "junit", "sarif", "markdown", "suppressions", "github"};
enum { FORMATS = sizeof formats / sizeof formats[0] };

START_TEST(a_run_and_its_saved_report_give_the_same) {
    const char *format = formats[_i], *from_run = test_path("run"), *saved = test_path("saved.json");
    struct outcome outcome =
        run(&(struct command){.argv = {seep_path(), "run", "-f", text("json=%s", saved), "-f",
                                       text("%s=%s", format, from_run), "--", program_path("five_sites")},
                              .env = {"GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"}});
    ck_assert_int_eq(exit_status(&outcome), 3);
    struct outcome again = run(&(struct command){.argv = {seep_path(), "report", "-f", format, saved},
                                                 .env = {"GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"}});
    ck_assert_int_eq(exit_status(&again), 0);
    ck_assert_str_eq(again.out, file_read(from_run, NULL));
    ck_assert_ptr_nonnull(strstr(again.out, "leaks"));
}
END_TEST

START_TEST(a_github_job_gets_annotations_and_a_summary) {
    const char *summary = test_path("summary.md");
    char here[4096];
    ck_assert_ptr_nonnull(getcwd(here, sizeof here));
    struct outcome outcome = run(&(struct command){
        .argv = {seep_path(), "run", "-f", "github", "--source-root", here, "--", program_path("five_sites")},
        .env = {text("GITHUB_STEP_SUMMARY=%s", summary)}});
    ck_assert_int_eq(exit_status(&outcome), 3);
    ck_assert_int_eq(strncmp(outcome.out, "output\n\n::", 10), 0);
    ck_assert_msg(strstr(outcome.out, " file=tests/programs/five_sites.c,line=") != NULL, "%s", outcome.out);
    ck_assert_ptr_nonnull(strstr(file_read(summary, NULL), "### seep: "));
}
END_TEST

// What was written suppresses what it was written for, and nothing else.
START_TEST(suppressions_suppress_what_they_were_written_for) {
    static const char *const programs[] = {"five_sites", "frames_cxx", "new_delete"};
    const char *program = program_path(programs[_i]), *file = test_path("found.supp");
    struct outcome before = run(&(struct command){
        .argv = {seep_path(), "run", "--show", "all", "-f", text("suppressions=%s", file), "--", program}});
    ck_assert_ptr_nonnull(strstr(file_read(file, NULL), "\n   fun:"));
    struct outcome after = run(&(struct command){
        .argv = {seep_path(), "run", "--fail-on", "definite,indirect,possible,reachable,unclassified",
                 "--suppressions", file, "--exit-code", "99", "--", program}});
    ck_assert_msg(exit_status(&after) == exit_status(&before), "%s", after.err);
    struct outcome other = run(&(struct command){
        .argv = {seep_path(), "run", "--fail-on", "definite,indirect,possible,reachable,unclassified",
                 "--suppressions", file, "--exit-code", "99", "--", program_path("leaf"), "3"}});
    ck_assert_msg(exit_status(&other) == 99, "%s", other.err);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, a_run_and_its_saved_report_give_the_same, 0, FORMATS);
    tcase_add_loop_test(tests, suppressions_suppress_what_they_were_written_for, 0, 3);
    tcase_add_test(tests, a_github_job_gets_annotations_and_a_summary);
}
SEEP_TEST_MAIN("formats")
