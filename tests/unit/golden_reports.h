// The reports of tests/golden, and the texts that are expected of them there. Whoever includes this links
// analyzer/report/*.c.
#pragma once

#include "analyzer/options.h"
#include "analyzer/report/json.h"
#include "analyzer/report/report.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOW_ALL     ((1u << VERDICTS) - 1)
#define SHOW_DEFAULT (SHOW_ALL & ~(1u << VERDICT_REACHABLE) & ~(1u << VERDICT_INDIRECT))

// Those that every format is tried on.
static const char *const golden_reports[] = {"one",      "tree",    "inexact", "clean",
                                             "stripped", "hostile", "gated"};
enum { GOLDEN_REPORTS = sizeof golden_reports / sizeof golden_reports[0] };

static inline char *slurp(const char *path) {
    FILE *in = fopen(path, "r");
    ck_assert_msg(in != NULL, "cannot open %s: the tests run from the top of the tree", path);
    char *text = NULL;
    size_t room = 0;
    if (getdelim(&text, &room, '\0', in) < 0) { // empty
        free(text);
        text = strdup("");
    }
    fclose(in);
    return text;
}

static inline struct report *load(const char *name) {
    char path[256], message[512];
    struct report *report;
    snprintf(path, sizeof path, "tests/golden/%s.json", name);
    ck_assert_msg(report_read_json(path, &report, message, sizeof message) == 0, "%s", message);
    return report;
}

// Is it what tests/golden/NAME.ENDING has? SEEP_GOLDEN=write makes it so.
static inline void assert_golden(const char *name, const char *ending, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "tests/golden/%s.%s", name, ending);
    const char *mode = getenv("SEEP_GOLDEN");
    if (mode && strcmp(mode, "write") == 0) {
        FILE *out = fopen(path, "w");
        fputs(text, out);
        fclose(out);
    }
    char *expected = slurp(path);
    ck_assert_str_eq(text, expected);
    free(expected);
}

static inline size_t count(const char *text, const char *what) {
    size_t found = 0;
    for (; (text = strstr(text, what)); text++)
        found++;
    return found;
}
