// Where reports go and what they show: -o, --format, --top, --children's and saved reports, and what doctor
// says.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

static bool says(const char *where, const char *what) {
    return strstr(where, what) != NULL;
}

START_TEST(the_text_report_goes_to_stderr) {
    struct outcome outcome =
        run(&(struct command){.argv = {seep_path(), "run", "--", program_path("five_sites")}});
    ck_assert_int_eq(exit_status(&outcome), 3);
    ck_assert_str_eq(outcome.out, "output\n");
    ck_assert_msg(says(outcome.err, "leaks_five"), "%s", outcome.err);
    ck_assert_msg(says(outcome.err, "five_sites.c"), "%s", outcome.err);
    ck_assert(!says(outcome.err, "leaks_nothing"));
}
END_TEST

START_TEST(the_text_report_of_a_preloaded_program_goes_to_stderr) {
    struct outcome outcome =
        run(&(struct command){.argv = {program_path("five_sites")},
                              .env = {text("LD_PRELOAD=%s", libseep_path()), "SEEP_OPTIONS"}});
    ck_assert_int_eq(exit_status(&outcome), 3);
    ck_assert_str_eq(outcome.out, "output\n");
    ck_assert_msg(says(outcome.err, "leaks_five"), "%s", outcome.err); // before the program's end was seen
}
END_TEST

START_TEST(run_needs_no_dashes_before_the_program) {
    struct outcome outcome =
        run(&(struct command){.argv = {seep_path(), "run", "--top", "3", "sh", "-c", "echo --top; exit 4"}});
    ck_assert_int_eq(exit_status(&outcome), 4);
    ck_assert_str_eq(outcome.out, "--top\n");
}
END_TEST

START_TEST(the_output_option_names_a_file_by_pid) {
    struct seep_job job = {.program = {.argv = {program_path("five_sites")}},
                           .options = {"-o", test_path("text-%p.txt")},
                           .text_too = true};
    struct seep_run ran = seep_run_job(_i, &job);
    glob_t found;
    ck_assert_int_eq(glob(test_path("text-*"), 0, NULL, &found), 0);
    ck_assert_uint_eq(found.gl_pathc, 1);
    long long pid = json_integer_value(json_object_get(ran.process, "pid"));
    ck_assert_str_eq(found.gl_pathv[0], test_path(text("text-%lld.txt", pid)));
    ck_assert(says(file_read(found.gl_pathv[0], NULL), "leaks_five"));
    ck_assert(!says(ran.outcome.err, "leaks_five"));
}
END_TEST

START_TEST(json_without_a_file_goes_to_stdout) {
    struct outcome outcome =
        run(&(struct command){.argv = {seep_path(), "run", "--format", "json", program_path("leaf"), "2"}});
    ck_assert_int_eq(exit_status(&outcome), 2);
    FILE *file = fopen(test_path("stdout.json"), "w");
    fputs(outcome.out, file);
    fclose(file);
    json_t *report = report_load(test_path("stdout.json"));
    ck_assert_int_eq(blocks_through(process_named(report, "leaf"), "leaf_leaks"), 2);
    ck_assert_str_eq(outcome.err, "");
}
END_TEST

static const char *const leaks[] = {"leaks_five", "leaks_four", "leaks_three", "leaks_two", "leaks_one"};

START_TEST(top_limits_what_is_printed_to_the_largest) {
    for (size_t top = 0; top <= 5; top++) {
        struct outcome outcome = run(&(struct command){
            .argv = {seep_path(), "run", "--top", text("%zu", top), "--", program_path("five_sites")}});
        for (size_t i = 0; i < 5; i++)
            ck_assert_msg(says(outcome.err, leaks[i]) == (top == 0 || i < top), "--top %zu and %s:\n%s", top,
                          leaks[i], outcome.err);
    }
}
END_TEST

START_TEST(the_report_says_what_ran) {
    struct seep_job job = {.program = {.argv = {program_path("leaf"), "2", "an argument"}}};
    struct seep_run ran = seep_run_job(_i, &job);
    json_t *argv = json_object_get(ran.process, "argv");
    ck_assert_uint_eq(json_array_size(argv), 3);
    ck_assert_str_eq(json_string_value(json_array_get(argv, 2)), "an argument");
    ck_assert_str_eq(json_string_value(json_object_get(ran.process, "executable")), program_path("leaf"));
    ck_assert_str_eq(json_string_value(json_object_get(ran.process, "begin")), "exec");
    json_t *command = json_object_get(ran.report, "command");
    ck_assert_uint_eq(json_array_size(command), 3);
    ck_assert_str_eq(json_string_value(json_array_get(command, 1)), "2");
    ck_assert(json_is_null(json_object_get(ran.report, "gate")));
    ck_assert(json_is_number(json_object_get(ran.report, "duration")));
}
END_TEST

START_TEST(a_saved_report_prints_as_it_did) {
    struct seep_job job = {.program = {.argv = {program_path("five_sites")}},
                           .options = {"-o", test_path("text")},
                           .text_too = true};
    struct seep_run ran = seep_run_job(_i, &job);
    ck_assert_ptr_nonnull(ran.process);
    struct outcome printed = run(&(struct command){.argv = {seep_path(), "report", report_path()}});
    ck_assert_int_eq(exit_status(&printed), 0);
    ck_assert_str_eq(printed.err, "");
    ck_assert_str_eq(printed.out, file_read(test_path("text"), NULL));
}
END_TEST

START_TEST(a_saved_report_survives_being_written_again) {
    struct seep_run ran = SEEP(_i, "five_sites");
    struct outcome again =
        run(&(struct command){.argv = {seep_path(), "report", "--format",
                                       text("json=%s", test_path("again.json")), report_path()}});
    ck_assert_int_eq(exit_status(&again), 0);
    ck_assert(json_equal(ran.report, report_load(test_path("again.json"))));
}
END_TEST

START_TEST(the_same_leak_has_the_same_id_in_every_run) {
    struct seep_run first = SEEP(WAY_RUN, "five_sites"), second = SEEP(WAY_PRELOAD, "five_sites");
    for (size_t i = 0; i < 5; i++) {
        const char *one = json_string_value(json_object_get(site_from(first.process, leaks[i]), "id"));
        const char *two = json_string_value(json_object_get(site_from(second.process, leaks[i]), "id"));
        ck_assert_str_eq(one, two);
        for (size_t other = 0; other < i; other++)
            ck_assert_str_ne(
                one, json_string_value(json_object_get(site_from(first.process, leaks[other]), "id")));
    }
}
END_TEST

START_TEST(doctor_says_what_works) {
    struct outcome outcome = run(&(struct command){.argv = {seep_path(), "doctor", program_path("leaf")}});
    ck_assert_msg(exit_status(&outcome) == 0, "%s%s", outcome.out, outcome.err);
    ck_assert(says(outcome.out, "ptrace"));
    ck_assert(says(outcome.out, "unwinder"));
    ck_assert(says(outcome.out, "leaf"));
    struct outcome refused =
        run(&(struct command){.argv = {seep_path(), "doctor", program_path("static_program")}});
    ck_assert(says(refused.out, "static"));
}
END_TEST

START_TEST(version_and_help_are_printed) {
    struct outcome version = run(&(struct command){.argv = {seep_path(), "--version"}});
    ck_assert_int_eq(exit_status(&version), 0);
    ck_assert(says(version.out, SEEP_VERSION));
    struct outcome help = run(&(struct command){.argv = {seep_path(), "help"}});
    ck_assert_int_eq(exit_status(&help), 0);
    ck_assert(says(help.out, "doctor"));
    struct outcome of_run = run(&(struct command){.argv = {seep_path(), "run", "--help"}});
    ck_assert_int_eq(exit_status(&of_run), 0);
    ck_assert(says(of_run.out, "--children"));
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, the_text_report_goes_to_stderr);
    tcase_add_test(tests, the_text_report_of_a_preloaded_program_goes_to_stderr);
    tcase_add_test(tests, run_needs_no_dashes_before_the_program);
    tcase_add_loop_test(tests, the_output_option_names_a_file_by_pid, 0, WAYS);
    tcase_add_test(tests, json_without_a_file_goes_to_stdout);
    tcase_add_test(tests, top_limits_what_is_printed_to_the_largest);
    tcase_add_loop_test(tests, the_report_says_what_ran, 0, WAYS);
    tcase_add_loop_test(tests, a_saved_report_prints_as_it_did, 0, WAYS);
    tcase_add_loop_test(tests, a_saved_report_survives_being_written_again, 0, WAYS);
    tcase_add_test(tests, the_same_leak_has_the_same_id_in_every_run);
    tcase_add_test(tests, doctor_says_what_works);
    tcase_add_test(tests, version_and_help_are_printed);
}
SEEP_TEST_MAIN("report surface")
