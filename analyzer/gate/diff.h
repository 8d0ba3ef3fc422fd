// Two reports, site by site: what is new, grew, shrank and went away.
#pragma once

#include "analyzer/options.h"
#include "analyzer/report/report.h"

#include <stdio.h>

enum change { CHANGE_NEW, CHANGE_GREW, CHANGE_SHRANK, CHANGE_GONE, CHANGES };

// A site over all processes of each report. Its verdict is no part of it: a leak that is possible in one run
// and definite in the next is the same.
struct difference {
    const struct report_site *site; // of the new report, or of the old one if it went away
    uint64_t old_count, old_bytes, new_count, new_bytes;
};

struct differences {
    struct {
        struct difference *list; // by bytes of the change, most first, then by id
        size_t count;
        uint64_t resources, bytes; // by how much in all
    } by[CHANGES];
    size_t same; // sites that are as they were
};

// Of the kinds that options' show names, and not suppressed. Arrays lie in arena.
struct differences diff_reports(struct arena *arena, const struct report *old, const struct report *new,
                                const struct options *options);

// "new", "grew", "shrank", "gone".
const char *change_name(enum change change);

// For people: a line of sums, then each site with its place, options' top of each change. 0 or -errno.
int diff_write_text(const struct differences *all, const struct options *options, FILE *out);
// For programs: one object, schema seep-diff-1. 0 or -errno.
int diff_write_json(const struct differences *all, FILE *out);
