// links: analyzer/report/*.c analyzer/arena.c analyzer/table.c analyzer/whole_file.c
// flags: -ljansson -lz
//
// The SARIF report: valid by the public schema, and within what code scanning takes and follows.
#include "analyzer/report/json.h"
#include "analyzer/report/listing.h"
#include "analyzer/report/writers.h"
#include "tests/lib/suite.h"
#include "tests/unit/golden_reports.h"
#include "tests/unit/hostile.h"

#include <check.h>
#include <jansson.h>
#include <unistd.h>

enum { SEEDS = 60, SEEDS_BY_SCHEMA = 8, SHOWN_RESULTS = 5000 };

static char *render(const struct report *report, const char *root, size_t *bytes) {
    struct options options = {.show = SHOW_ALL, .source_root = root};
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);
    ck_assert_int_eq(report_write_sarif(report, &options, out), 0);
    fclose(out);
    return text;
}

static json_t *parse(const struct report *report, const char *root) {
    size_t bytes;
    char *text = render(report, root, &bytes);
    json_error_t error;
    json_t *document = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(document != NULL, "%s in: %.500s", error.text, text);
    free(text);
    return document;
}

// A member of a member ...; NULL where one is missing. A name of digits is an array's index.
static json_t *at(const json_t *value, const char *path) {
    char copy[256];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *part = strtok(copy, "/"); part && value; part = strtok(NULL, "/"))
        value =
            json_is_array(value) ? json_array_get(value, (size_t)atoi(part)) : json_object_get(value, part);
    return (json_t *)value;
}

static const char *text_at(const json_t *value, const char *path) {
    const char *text = json_string_value(at(value, path));
    ck_assert_msg(text != NULL, "no text at %s", path);
    return text;
}

START_TEST(is_valid_by_the_public_schema) {
    char folder[] = "/tmp/test-sarif-XXXXXX", command[4096];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (size_t i = 0; i < GOLDEN_REPORTS + SEEDS_BY_SCHEMA; i++) {
        struct report *report = i < GOLDEN_REPORTS ? load(golden_reports[i]) : hostile_report((uint32_t)i);
        size_t bytes;
        char *text = render(report, "/home/ann/leaky", &bytes), path[64];
        snprintf(path, sizeof path, "%s/%02zu.sarif", folder, i);
        FILE *out = fopen(path, "w");
        fwrite(text, 1, bytes, out);
        fclose(out);
        free(text);
        report_free(report);
    }
    snprintf(
        command, sizeof command,
        "tests/schemas/check-json tests/schemas/sarif-2.1.0.json %s/*.sarif >&2; s=$?; rm -rf %s; exit $s",
        folder, folder);
    ck_assert_int_eq(system(command), 0); // what is wrong stands above
}
END_TEST

static void assert_result(const struct listed_site *listed, const json_t *result) {
    const struct report_site *site = listed->site;
    char hash[32];
    snprintf(hash, sizeof hash, "%s:1", site->id);
    ck_assert_str_eq(text_at(result, "partialFingerprints/primaryLocationLineHash"), hash);
    ck_assert_str_eq(json_string_value(json_object_get(at(result, "partialFingerprints"), "seepSite/v1")),
                     site->id);
    ck_assert_uint_gt(strlen(text_at(result, "locations/0/physicalLocation/artifactLocation/uri")), 0);
    ck_assert_str_eq(text_at(result, "locations/0/physicalLocation/artifactLocation/uriBaseId"), "%SRCROOT%");
    ck_assert_uint_eq((size_t)json_integer_value(at(result, "properties/count")), listed->count);
    ck_assert_uint_eq((size_t)json_integer_value(at(result, "properties/bytes")), listed->bytes);
    ck_assert_uint_eq(json_array_size(at(result, "stacks/0/frames")),
                      site->frame_count < 100 ? site->frame_count : 100);
    ck_assert_int_eq(at(result, "baselineState") != NULL, site->baseline != NULL);
    for (const char *c = text_at(result, "message/text"); *c; c++)
        if ((unsigned char)*c < 0x20)
            ck_abort_msg("a control character in a message");
    for (const char *c = text_at(result, "locations/0/physicalLocation/artifactLocation/uri"); *c; c++)
        if (!strchr("-._~/%", *c) && !(*c >= '0' && *c <= '9') && !((*c | 32) >= 'a' && (*c | 32) <= 'z'))
            ck_abort_msg("a URI with %c", *c);
}

static void assert_results(const struct report *report) {
    json_t *document = parse(report, "/home/ann/leaky");
    struct arena *arena = arena_new();
    struct options options = {.show = SHOW_ALL};
    struct listing listing = listing_make(arena, report, &options);
    json_t *rules = at(document, "runs/0/tool/driver/rules"), *results = at(document, "runs/0/results");
    ck_assert_uint_eq(json_array_size(results), listing.count);
    for (size_t i = 0; i < listing.count; i++) {
        json_t *result = json_array_get(results, i);
        assert_result(&listing.sites[i], result);
        json_t *rule = json_array_get(rules, (size_t)json_integer_value(at(result, "ruleIndex")));
        ck_assert_str_eq(text_at(rule, "id"), text_at(result, "ruleId"));
        ck_assert_str_eq(text_at(rule, "defaultConfiguration/level"), text_at(result, "level"));
    }
    arena_free(arena);
    json_decref(document);
}

START_TEST(every_site_is_a_result_with_its_rule_and_fingerprint) {
    struct report *report = load(golden_reports[_i]);
    assert_results(report);
    report_free(report);
}
END_TEST

START_TEST(survives_hostile_names) {
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct report *report = hostile_report(seed);
        assert_results(report);
        report_free(report);
    }
}
END_TEST

START_TEST(a_result_stands_where_its_stack_enters_the_sources) {
    struct report *report = load("gated");
    json_t *document = parse(report, "/home/ann/leaky"), *results = at(document, "runs/0/results");
    ck_assert_str_eq(text_at(document, "runs/0/originalUriBaseIds/%SRCROOT%/uri"), "file:///home/ann/leaky/");
    json_t *first = json_array_get(results, 0);
    ck_assert_str_eq(text_at(first, "ruleId"), "heap/definite");
    ck_assert_str_eq(text_at(first, "level"), "error");
    ck_assert_str_eq(text_at(first, "baselineState"), "new");
    ck_assert_str_eq(text_at(first, "locations/0/physicalLocation/artifactLocation/uri"), "src/util.c");
    ck_assert_int_eq(json_integer_value(at(first, "locations/0/physicalLocation/region/startLine")), 14);
    ck_assert_str_eq(text_at(first, "message/text"),
                     "1,000 blocks (31.2 KiB) definitely lost: malloc called from xmalloc at src/util.c:14");
    json_t *path = at(first, "codeFlows/0/threadFlows/0/locations");
    ck_assert_uint_eq(json_array_size(path), 3); // outermost first
    ck_assert_str_eq(text_at(path, "0/location/physicalLocation/artifactLocation/uri"), "src/main.c");
    ck_assert_str_eq(
        text_at(json_array_get(results, 1), "stacks/0/frames/0/location/logicalLocations/0/decoratedName"),
        "_ZN5cache3putERKSs");
    ck_assert_str_eq(text_at(json_array_get(results, 1), "baselineState"), "updated");
    size_t index;
    json_t *result;
    json_array_foreach(results, index, result) {
        if (strcmp(text_at(result, "ruleId"), "heap/possible") == 0) { // its innermost frame lies elsewhere
            ck_assert_ptr_null(at(result, "stacks/0/frames/0/location/physicalLocation"));
            ck_assert_str_eq(text_at(result, "locations/0/physicalLocation/artifactLocation/uri"),
                             "src/main.c");
        }
        if (strcmp(text_at(result, "ruleId"), "map/mapped") ==
            0) { // all of it does: the executable stands for it
            ck_assert_str_eq(text_at(result, "locations/0/physicalLocation/artifactLocation/uri"),
                             "build/leaky");
            ck_assert_ptr_null(at(result, "codeFlows"));
        }
    }
    ck_assert_str_eq(text_at(document, "runs/0/invocations/0/toolExecutionNotifications/0/level"), "error");
    json_decref(document);
    report_free(report);
}
END_TEST

START_TEST(more_results_than_are_shown_are_counted_and_the_worst_kept) {
    enum { SITES = SHOWN_RESULTS + 3 };
    struct report *report = load("one");
    struct report_process *process = &report->processes[0];
    struct report_site *sites = arena_array(report->arena, struct report_site, SITES);
    for (size_t i = 0; i < SITES; i++) {
        sites[i] = process->sites[0];
        snprintf(sites[i].id, sizeof sites[i].id, "%016zx", i);
        sites[i].verdict = i == SITES - 1 ? VERDICT_DEFINITE : VERDICT_REACHABLE;
        sites[i].frame_count = 1;
    }
    process->sites = sites;
    process->site_count = SITES;
    json_t *document = parse(report, NULL);
    ck_assert_uint_eq(json_array_size(at(document, "runs/0/results")), SHOWN_RESULTS);
    ck_assert_str_eq(text_at(document, "runs/0/results/0/ruleId"), "heap/definite");
    ck_assert_int_eq(
        strncmp(text_at(document, "runs/0/invocations/0/toolExecutionNotifications/0/message/text"),
                "3 more sites were left out", 26),
        0);
    json_decref(document);
    report_free(report);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, is_valid_by_the_public_schema);
    tcase_add_loop_test(tests, every_site_is_a_result_with_its_rule_and_fingerprint, 0, GOLDEN_REPORTS);
    tcase_add_test(tests, survives_hostile_names);
    tcase_add_test(tests, a_result_stands_where_its_stack_enters_the_sources);
    tcase_add_test(tests, more_results_than_are_shown_are_counted_and_the_worst_kept);
}
SEEP_TEST_MAIN("sarif")
