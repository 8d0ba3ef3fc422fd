// links: analyzer/gate/baseline_read.c analyzer/gate/baseline_mark.c analyzer/gate/baseline_write.c
// links: analyzer/gate/limit.c analyzer/gate/text_file.c analyzer/gate/hint.c analyzer/site_id.c
// links: analyzer/site_name.c analyzer/arena.c analyzer/table.c analyzer/report/report.c
// links: analyzer/report/escape.c analyzer/report/outfile.c analyzer/whole_file.c
//
// The file of known sites: what its lines cover, and what stays of it when it is written anew.
#include "analyzer/gate/baseline.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD "seep-baseline 1 ids 1\n"
#define ID_A "000000000000000a"
#define ID_B "000000000000000b"

static struct baseline *parse(const char *text) {
    struct baseline *baseline = NULL;
    char message[256] = "";
    int rc = baseline_parse(text, strlen(text), "b", false, &baseline, message, sizeof message);
    ck_assert_msg(rc == 0, "%s", message);
    return baseline;
}

static struct report_site site(const char *id, enum verdict verdict, uint64_t count) {
    struct report_site one = {.verdict = verdict, .call = "malloc", .count = count, .bytes = 10 * count};
    memcpy(one.id, id, sizeof one.id);
    return one;
}

// The marks of the sites of one process: a word's first letter each.
static const char *marks(const char *lines, struct report_site *sites, size_t count) {
    static char out[16];
    struct baseline *baseline = parse(lines);
    struct report_process process = {.sites = sites, .site_count = count};
    baseline_mark(baseline, &(struct report){.processes = &process, .process_count = 1});
    for (size_t i = 0; i < count; i++)
        out[i] = sites[i].baseline ? sites[i].baseline[0] : '-';
    out[count] = '\0';
    baseline_free(baseline);
    return out;
}
#define MARKS(lines, ...)                                                                                    \
    marks(HEAD lines, (struct report_site[]){__VA_ARGS__},                                                   \
          sizeof((struct report_site[]){__VA_ARGS__}) / sizeof(struct report_site))

START_TEST(up_to_the_limit_is_known) {
    ck_assert_str_eq(MARKS(ID_A " definite 3 f\n", site(ID_A, VERDICT_DEFINITE, 3)), "k");
    ck_assert_str_eq(MARKS(ID_A " definite 3 f\n", site(ID_A, VERDICT_DEFINITE, 4)), "g");
    ck_assert_str_eq(MARKS(ID_A " definite 3 f\n", site(ID_B, VERDICT_DEFINITE, 1)), "n");
    ck_assert_str_eq(MARKS(ID_A " definite 3+1 f\n", site(ID_A, VERDICT_DEFINITE, 4)), "k");
    ck_assert_str_eq(MARKS(ID_A " definite 3+20% f\n", site(ID_A, VERDICT_DEFINITE, 4)), "k"); // rounded up
    ck_assert_str_eq(MARKS(ID_A " definite 3+20% f\n", site(ID_A, VERDICT_DEFINITE, 5)), "g");
    ck_assert_str_eq(MARKS(ID_A " definite * f\n", site(ID_A, VERDICT_DEFINITE, UINT64_MAX)), "k");
    ck_assert_str_eq(MARKS(ID_A " definite *,39B f\n", site(ID_A, VERDICT_DEFINITE, 4)), "g");
    ck_assert_str_eq(MARKS(ID_A " definite *,40B f\n", site(ID_A, VERDICT_DEFINITE, 4)), "k");
    ck_assert_str_eq(MARKS(ID_A " definite 1\n" ID_A " definite 3\n", site(ID_A, VERDICT_DEFINITE, 3)),
                     "k"); // merged
}
END_TEST

START_TEST(a_line_covers_less_severe_verdicts) {
    ck_assert_str_eq(
        MARKS(ID_A " definite 3\n", site(ID_A, VERDICT_DEFINITE, 2), site(ID_A, VERDICT_POSSIBLE, 1)), "kk");
    ck_assert_str_eq(
        MARKS(ID_A " definite 3\n", site(ID_A, VERDICT_DEFINITE, 2), site(ID_A, VERDICT_POSSIBLE, 2)), "kg");
    ck_assert_str_eq(MARKS(ID_A " reachable 3\n", site(ID_A, VERDICT_DEFINITE, 1)), "n");
    ck_assert_str_eq(
        MARKS(ID_A " unclassified 3\n", site(ID_A, VERDICT_DEFINITE, 2), site(ID_A, VERDICT_REACHABLE, 1)),
        "kk");
    ck_assert_str_eq(MARKS(ID_A " possible 3\n", site(ID_A, VERDICT_UNCLASSIFIED, 3)), "k");
    ck_assert_str_eq(MARKS(ID_A " definite 3\n", site(ID_A, VERDICT_OPEN, 1)), "n");
    ck_assert_str_eq(MARKS(ID_A " open 3\n", site(ID_A, VERDICT_OPEN, 3)), "k");
}
END_TEST

START_TEST(limits_are_of_one_process) {
    struct report_site one = site(ID_A, VERDICT_DEFINITE, 1), other = one;
    struct report_process processes[] = {{.sites = &one, .site_count = 1},
                                         {.sites = &other, .site_count = 1}};
    struct baseline *baseline = parse(HEAD ID_A " definite 1\n" ID_B " open 1 gone\n");
    baseline_mark(baseline, &(struct report){.processes = processes, .process_count = 2});
    ck_assert_str_eq(one.baseline, "known");
    ck_assert_str_eq(other.baseline, "known");
    ck_assert_uint_eq(other.baseline_limit, 1);
    ck_assert(baseline->lines[0].occurred && !baseline->lines[1].occurred);
    baseline_free(baseline);
}
END_TEST

static char *rewritten(const char *old_text, struct report_site *sites, size_t count) {
    char path[] = "/tmp/seep-baseline-XXXXXX", message[256], *text = NULL;
    int fd = mkstemp(path);
    struct baseline *old = parse(old_text);
    struct report_process process = {.sites = sites, .site_count = count};
    struct report report = {.processes = &process, .process_count = 1};
    ck_assert_int_eq(baseline_write(path, old, &report, ~0u, message, sizeof message), 0);
    size_t room = 0;
    FILE *in = fopen(path, "r"); // another file has taken its place
    ck_assert_int_gt(getdelim(&text, &room, '\0', in), 0);
    fclose(in);
    close(fd);
    unlink(path);
    baseline_free(old);
    return text;
}

START_TEST(what_people_wrote_stays) {
    struct report_site sites[] = {site(ID_B, VERDICT_POSSIBLE, 7), site(ID_A, VERDICT_DEFINITE, 2)};
    char *text = rewritten("# before\n" HEAD "# top\n\n# of a\n" ID_A " definite 3+1 f # why\n# of c\n"
                           "000000000000000c definite 1 g\n\n# of b\n" ID_B " possible 3+50%,1K h\n# end\n",
                           sites, 2);
    ck_assert_str_eq(text, HEAD "# before\n# top\n# end\n\n# of a\n" ID_A
                                " definite 3+1 malloc  # why\n# of b\n" ID_B " possible 7+50%,70 malloc\n");
    char *again = rewritten(text, sites, 2);
    ck_assert_str_eq(text, again);
    free(text);
    free(again);
}
END_TEST

START_TEST(any_ids_are_taken_where_they_are_replaced) {
    static const char text[] = "seep-baseline 1 ids 9\n# ours\n\n";
    struct baseline *baseline = NULL;
    char message[256] = "";
    ck_assert_int_eq(baseline_parse(text, strlen(text), "b", false, &baseline, message, sizeof message),
                     -EINVAL);
    ck_assert_ptr_null(baseline);
    ck_assert_int_eq(baseline_parse(text, strlen(text), "b", true, &baseline, message, sizeof message), 0);
    ck_assert_str_eq(baseline->top, "# ours\n");
    baseline_free(baseline);
}
END_TEST

START_TEST(limits_that_are_none) {
    static const char *const limits[] = {
        "", "-1", "3+", "3+%", "3,", "3,*x", "3%", "x", "3 ", "99999999999999999999", "1K"};
    struct limit limit;
    char why[128];
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        ck_assert_msg(limit_parse(limits[i], &limit, why, sizeof why) == -EINVAL, "'%s' was taken",
                      limits[i]);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, up_to_the_limit_is_known);
    tcase_add_test(tests, a_line_covers_less_severe_verdicts);
    tcase_add_test(tests, limits_are_of_one_process);
    tcase_add_test(tests, what_people_wrote_stays);
    tcase_add_test(tests, any_ids_are_taken_where_they_are_replaced);
    tcase_add_test(tests, limits_that_are_none);
}
SEEP_TEST_MAIN("baseline")
