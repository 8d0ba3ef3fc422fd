// `seep doctor`: its lines, its exit status, and that a program's judgement comes through.
#include "tests/lib/run.h"
#include "tests/lib/suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct outcome doctor(const char *program, const char *environment) {
    return run(&(struct command){.argv = {seep_path(), "doctor", program}, .env = {"SEEP_LIB", environment}});
}

// Every line is "ok" or "no", so that it can be read by eye and by grep.
static void assert_lines(const char *output) {
    int lines = 0;
    for (const char *line = output; *line != '\0'; line = strchr(line, '\n') + 1) {
        ck_assert_msg(strncmp(line, "ok  ", 4) == 0 || strncmp(line, "no  ", 4) == 0, "in: %s", output);
        ck_assert_ptr_nonnull(strchr(line, '\n'));
        lines++;
    }
    ck_assert_int_ge(lines, 9);
}

START_TEST(it_says_what_works) {
    struct outcome outcome = doctor(NULL, NULL);
    ck_assert_int_eq(exit_status(&outcome), 0);
    assert_lines(outcome.out);
    ck_assert_ptr_nonnull(strstr(outcome.out, text("ok  library: %s\n", libseep_path())));
    ck_assert_ptr_nonnull(strstr(outcome.out, "ok  glibc: 2."));
    ck_assert_ptr_nonnull(strstr(outcome.out, "ok  unwinder: libunwind"));
    ck_assert_str_eq(outcome.err, "");
}
END_TEST

START_TEST(a_program_that_can_be_run_is_named) {
    struct outcome outcome = doctor("/bin/sh", NULL);
    ck_assert_int_eq(exit_status(&outcome), 0);
    ck_assert_ptr_nonnull(strstr(outcome.out, "ok  program: /bin/sh can be run"));
}
END_TEST

START_TEST(a_go_program_is_said_to_be_traced) {
    struct outcome go = doctor(program_path("go/incidents"), NULL), other = doctor("/bin/sh", NULL);
    ck_assert_int_eq(exit_status(&go), 0);
    ck_assert_ptr_nonnull(strstr(go.out, "it is built by Go: it is traced (ptrace)"));
    ck_assert_ptr_null(strstr(other.out, "built by Go"));
}
END_TEST

START_TEST(a_program_that_cannot_be_run_gives_the_status_of_run) {
    struct outcome missing = doctor("/nowhere/program", NULL);
    ck_assert_int_eq(exit_status(&missing), 127);
    ck_assert_ptr_nonnull(strstr(missing.out, "no  program: cannot run /nowhere/program"));
    struct outcome refused = doctor(test_directory(), NULL);
    ck_assert_int_eq(exit_status(&refused), 126);
    ck_assert_ptr_nonnull(strstr(refused.out, "is a directory"));
}
END_TEST

START_TEST(a_missing_library_is_a_failure) {
    struct outcome outcome = doctor(NULL, "SEEP_LIB=/nowhere/libseep.so");
    ck_assert_int_eq(exit_status(&outcome), 125);
    assert_lines(outcome.out);
    ck_assert_ptr_nonnull(strstr(outcome.out, "no  library: SEEP_LIB is /nowhere/libseep.so"));
}
END_TEST

START_TEST(a_library_path_that_the_loader_would_split_is_a_failure) {
    const char *folder = test_path("with space");
    ck_assert_int_eq(mkdir(folder, 0755), 0);
    FILE *file = fopen(text("%s/libseep.so", folder), "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    struct outcome outcome = doctor(NULL, text("SEEP_LIB=%s", folder));
    ck_assert_int_eq(exit_status(&outcome), 125);
    ck_assert_ptr_nonnull(strstr(outcome.out, "splits LD_PRELOAD at the space"));
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, it_says_what_works);
    tcase_add_test(tests, a_program_that_can_be_run_is_named);
    tcase_add_test(tests, a_go_program_is_said_to_be_traced);
    tcase_add_test(tests, a_program_that_cannot_be_run_gives_the_status_of_run);
    tcase_add_test(tests, a_missing_library_is_a_failure);
    tcase_add_test(tests, a_library_path_that_the_loader_would_split_is_a_failure);
}
SEEP_TEST_MAIN("doctor")
