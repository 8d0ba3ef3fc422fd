// links: analyzer/report/json_read_fd.c analyzer/report/text_descriptors.c analyzer/report/text_unattributed.c
// links: analyzer/report/json_memory.c analyzer/report/text_memory.c
// links: analyzer/report/report.c analyzer/report/json_read.c analyzer/report/json_pool.c analyzer/report/json_fields.c
// links: analyzer/report/go_frames.c
// links: analyzer/report/text.c analyzer/report/text_sites.c analyzer/report/escape.c
// links: analyzer/report/text_summary.c analyzer/report/text_verdicts.c analyzer/report/units.c analyzer/arena.c
// links: analyzer/report/text_gate.c analyzer/report/text_names.c analyzer/whole_file.c
// flags: -ljansson
//
// The text report, against golden files: tests/golden/NAME.json printed with certain options is
// NAME[-VARIANT].txt. SEEP_GOLDEN=write in the environment writes the files anew, to be read before they are
// committed.
#include "analyzer/report/json.h"
#include "analyzer/report/text.h"
#include "analyzer/report/escape.h"
#include "tests/lib/suite.h"
#include "tests/unit/golden_reports.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct golden {
    const char *report, *expected;
    show_set show;
    uint32_t top;
    int verbosity;
} goldens[] = {
    {"one", "one", SHOW_DEFAULT, 20, 0},
    {"one", "one-quiet", SHOW_DEFAULT, 20, -1},
    {"one", "one-verbose", SHOW_DEFAULT, 20, 1},
    {"one", "one-top1", SHOW_DEFAULT, 1, 0},
    {"one", "one-definite", 1u << VERDICT_DEFINITE, 20, 0},
    {"tree", "tree", SHOW_DEFAULT, 20, 0},
    {"tree", "tree-verbose", SHOW_DEFAULT, 3, 1},
    {"tree", "tree-all", SHOW_ALL, 0, 0},
    {"inexact", "inexact", SHOW_DEFAULT, 20, 0},
    {"inexact", "inexact-all", SHOW_ALL, 20, 0},
    {"inexact", "inexact-verbose", 1u << VERDICT_OPEN, 20, 1},
    {"clean", "clean", SHOW_DEFAULT, 20, 0},
    {"stripped", "stripped", SHOW_DEFAULT, 20, 0},
    {"hostile", "hostile", SHOW_DEFAULT, 20, 1},
    {"memory", "memory", SHOW_DEFAULT, 20, 0},
    {"memory", "memory-verbose", SHOW_DEFAULT, 20, 1},
    {"memory", "memory-quiet", SHOW_DEFAULT, 20, -1},
};
#define GOLDENS ((int)(sizeof goldens / sizeof goldens[0]))

static char *render(const char *name, show_set show, uint32_t top, int verbosity) {
    struct report *report = load(name);
    struct options options = {.show = show, .top = top, .verbosity = verbosity};
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    ck_assert_int_eq(report_write_text(report, &options, out), 0);
    fclose(out);
    report_free(report);
    return text;
}

START_TEST(prints_as_the_golden_file_has_it) {
    const struct golden *golden = &goldens[_i];
    char *text = render(golden->report, golden->show, golden->top, golden->verbosity);
    assert_golden(golden->expected, "txt", text);
    free(text);
}
END_TEST

START_TEST(top_limits_the_sites_of_each_kind_and_says_what_is_left_out) {
    char *text = render("tree", SHOW_DEFAULT, 4, 0);
    ck_assert_uint_eq(count(text, "\n  #4  "), 1); // only process 101 has more than 2 sites
    ck_assert_uint_eq(count(text, "\n  #5  "), 0);
    ck_assert_uint_eq(count(text, "; --top 0 shows all"), 1);
    ck_assert_ptr_nonnull(strstr(text, "... and 22 more sites, "));
    free(text);

    text = render("tree", SHOW_DEFAULT, 0, 0);
    ck_assert_ptr_nonnull(strstr(text, "\n  #26  "));
    ck_assert_uint_eq(count(text, "--top"), 0);
    free(text);
}
END_TEST

START_TEST(shows_only_the_kinds_that_are_asked_for) {
    char *text = render("inexact", 1u << VERDICT_OPEN, 20, 0);
    ck_assert_ptr_nonnull(strstr(text, "log_open"));
    ck_assert_ptr_null(strstr(text, "accept_one"));
    ck_assert_ptr_null(strstr(text, "map_file"));
    free(text);
}
END_TEST

START_TEST(a_suppressed_site_is_never_listed) {
    char *text = render("inexact", SHOW_ALL, 0, 1);
    ck_assert_ptr_null(strstr(text, "Pool::get"));
    free(text);
}
END_TEST

START_TEST(blocks_that_exec_took_along_are_listed_only_when_asked) {
    char *text = render("tree", SHOW_ALL, 0, 0);
    ck_assert_ptr_null(strstr(text, "job.c:3\n"));
    ck_assert_ptr_nonnull(strstr(text, "replaced itself by exec"));
    free(text);
    text = render("tree", SHOW_ALL, 0, 1);
    ck_assert_ptr_nonnull(strstr(text, "job.c:3\n"));
    free(text);
}
END_TEST

START_TEST(undecided_blocks_are_never_called_lost) {
    char *text = render("one", SHOW_ALL, 0, 1);
    ck_assert_ptr_null(strstr(text, "lost"));
    ck_assert_ptr_null(strstr(text, "leak in"));
    free(text);
}
END_TEST

// Everything a name can hold, and then all single bytes: what comes out is printable UTF-8 in lines of our
// own making.
START_TEST(nothing_from_the_program_reaches_the_terminal_raw) {
    struct report *report = load("one");
    char all[512];
    size_t at = 0;
    for (int byte = 1; byte < 256; byte++)
        all[at++] = (char)byte;
    at += (size_t)snprintf(all + at, sizeof all - at, "%s",
                           "\xc2\x9b"
                           "31m\xe2\x80\xae\xf4\x90\x80\x80\xed\xa0\x80\xc0\x80");
    all[at] = '\0';
    struct report_process *process = &report->processes[0];
    const char *hostile[] = {all, all};
    report->command = hostile;
    report->command_count = 2;
    report->started = report->seep_version = process->executable = all;
    process->argv = hostile;
    process->argc = 2;
    process->sites[0].call = all;
    process->sites[0].frames[0].function = process->sites[0].frames[0].file = all;
    process->sites[0].frames[1].file = NULL;
    process->sites[0].frames[1].module = all;
    report->exact = false;
    report->inexact_because = hostile;
    report->inexact_count = 2;

    struct options options = {.show = SHOW_ALL, .verbosity = 1};
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    ck_assert_int_eq(report_write_text(report, &options, out), 0);
    fclose(out);
    ck_assert_uint_eq(strlen(text), bytes);
    for (const char *c = text; *c;) {
        uint32_t point;
        size_t length = utf8_sequence(c, &point);
        ck_assert_uint_gt(length, 0);
        ck_assert(point == '\n' || (point >= 0x20 && point < 0x7f) || point > 0x9f);
        ck_assert(point < 0x202a || point > 0x202e);
        c += length;
    }
    free(text);
    report_free(report);
}
END_TEST

START_TEST(a_full_stream_is_noticed) {
    struct report *report = load("one");
    struct options options = {.show = SHOW_ALL};
    FILE *out = fopen("/dev/full", "w");
    setvbuf(out, NULL, _IONBF, 0);
    ck_assert_int_lt(report_write_text(report, &options, out), 0);
    fclose(out);
    report_free(report);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, prints_as_the_golden_file_has_it, 0, GOLDENS);
    tcase_add_test(tests, top_limits_the_sites_of_each_kind_and_says_what_is_left_out);
    tcase_add_test(tests, shows_only_the_kinds_that_are_asked_for);
    tcase_add_test(tests, a_suppressed_site_is_never_listed);
    tcase_add_test(tests, blocks_that_exec_took_along_are_listed_only_when_asked);
    tcase_add_test(tests, undecided_blocks_are_never_called_lost);
    tcase_add_test(tests, nothing_from_the_program_reaches_the_terminal_raw);
    tcase_add_test(tests, a_full_stream_is_noticed);
}
SEEP_TEST_MAIN("report_text")
