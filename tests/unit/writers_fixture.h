// What the tests of formats for reviewers and CI servers share: printing a report, and what all such text
// holds.
#pragma once

#include "analyzer/report/escape.h"
#include "analyzer/report/listing.h"
#include "analyzer/report/writers.h"
#include "tests/unit/golden_reports.h"
#include "tests/unit/hostile.h"

// For every byte: Check's own assertions write to a pipe each time.
#define REQUIRE(condition, ...)                                                                              \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            ck_abort_msg(__VA_ARGS__);                                                                       \
    } while (0)

enum { SEEDS = 60 };

typedef int (*writer)(const struct report *report, const struct options *options, FILE *out);

static inline char *render(writer write, const struct report *report, show_set show, const char *root) {
    struct options options = {.show = show, .top = 20, .source_root = root};
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    ck_assert_int_eq(write(report, &options, out), 0);
    fclose(out);
    ck_assert_uint_eq(strlen(text), bytes); // no NUL among it
    return text;
}

static inline struct listing list(struct arena *arena, const struct report *report, show_set show) {
    struct options options = {.show = show};
    return listing_make(arena, report, &options);
}

static inline char *escaped(const char *text) {
    char *result = NULL;
    size_t bytes;
    FILE *out = open_memstream(&result, &bytes);
    escape_print(out, text);
    fclose(out);
    return result;
}

// Everything a format may hold but JUnit's and SARIF's own syntax: whole characters, no control but line
// ends.
static inline void assert_clean(const char *text) {
    while (*text) {
        uint32_t point;
        size_t length = utf8_sequence(text, &point);
        REQUIRE(length > 0, "not UTF-8: %.40s", text);
        REQUIRE(point >= 0x20 || point == '\n', "control character 0x%x before: %.40s", point, text + 1);
        REQUIRE(point < 0x7f || point > 0x9f, "control character 0x%x", point);
        text += length;
    }
}
