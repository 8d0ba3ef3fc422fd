// links: analyzer/command_report.c analyzer/complain.c analyzer/publish.c analyzer/site_id.c analyzer/site_name.c
// links: analyzer/gate/*.c analyzer/report/*.c analyzer/symbols/demangle.c analyzer/arena.c analyzer/table.c
// links: analyzer/whole_file.c
// flags: -ljansson -lz -lelf -l:libiberty.a
//
// seep report: what it prints where, its status, and its one line when it can't.
#include "analyzer/commands.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char out[1 << 16], err[4096];

static void read_back(int fd, char *buffer, size_t room) {
    ssize_t got = pread(fd, buffer, room - 1, 0);
    ck_assert_int_ge(got, 0);
    buffer[got] = '\0';
}

// Runs the command; what it printed is in out and err.
static int run(const char *file, const char *output, struct output *formats, size_t count) {
    const char *arguments[] = {file, NULL};
    struct options options = {.command = COMMAND_REPORT,
                              .output = output,
                              .formats = formats,
                              .format_count = count,
                              .show = (1u << VERDICTS) - 1,
                              .top = 20,
                              .arguments = arguments,
                              .argument_count = 1};
    FILE *files[] = {tmpfile(), tmpfile()};
    fflush(NULL);
    int saved[] = {dup(1), dup(2)};
    dup2(fileno(files[0]), 1);
    dup2(fileno(files[1]), 2);
    int status = command_report(&options);
    fflush(NULL);
    dup2(saved[0], 1);
    dup2(saved[1], 2);
    read_back(fileno(files[0]), out, sizeof out);
    read_back(fileno(files[1]), err, sizeof err);
    for (int i = 0; i < 2; i++) {
        fclose(files[i]);
        close(saved[i]);
    }
    return status;
}

static void expect_one_line(const char *words) {
    ck_assert_msg(strncmp(err, "seep: ", 6) == 0, "%s", err);
    ck_assert_ptr_eq(strchr(err, '\n'), err + strlen(err) - 1);
    ck_assert_msg(strstr(err, words) != NULL, "%s", err);
}

START_TEST(a_saved_report_is_printed) {
    struct output text = {"text", NULL}, json = {"json", NULL};
    ck_assert_int_eq(run("tests/golden/one.json", NULL, &text, 1), 0);
    ck_assert_ptr_eq(strstr(out, "seep 0.1.0: ./leaky"), out);
    ck_assert_str_eq(err, "");
    ck_assert_int_eq(run("tests/golden/one.json", NULL, &json, 1), 0);
    ck_assert_ptr_eq(strstr(out, "{\"schema\": \"seep-report-1\""), out);
    ck_assert_int_eq(run("tests/golden/one.json", "/dev/stderr", &json, 1), 0);
    ck_assert_str_eq(out, "");
    ck_assert_ptr_eq(strstr(err, "{\"schema\""), err);
}
END_TEST

START_TEST(a_report_that_cannot_be_read_is_one_line_and_125) {
    struct output text = {"text", NULL};
    ck_assert_int_eq(run("tests/golden/missing.json", NULL, &text, 1), 125);
    expect_one_line("'tests/golden/missing.json' cannot be read: No such file");
    ck_assert_int_eq(run("tests/golden/one.txt", NULL, &text, 1), 125);
    expect_one_line("'tests/golden/one.txt' is not JSON");
    ck_assert_int_eq(run("a\nb\x1b[31m", NULL, &text, 1), 125);
    expect_one_line("a\\nb\\x1b[31m");
    ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(an_output_that_cannot_be_written_is_one_line_and_125) {
    struct output outputs[] = {{"text", NULL}, {"json", NULL}};
    ck_assert_int_eq(run("tests/golden/one.json", "/nonexistent/x", outputs, 1), 125);
    expect_one_line("its directory does not exist");
    ck_assert_int_eq(run("tests/golden/one.json", "/dev/full", outputs, 1), 125);
    expect_one_line("No space left on device");
    ck_assert_int_eq(run("tests/golden/one.json", NULL, outputs, 2), 125);
    expect_one_line("both go to '/dev/stdout'");
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, a_saved_report_is_printed);
    tcase_add_test(tests, a_report_that_cannot_be_read_is_one_line_and_125);
    tcase_add_test(tests, an_output_that_cannot_be_written_is_one_line_and_125);
}
SEEP_TEST_MAIN("command_report")
