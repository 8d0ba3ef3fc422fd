// The known sites: a small text file that is committed beside the code. One site a line, sorted, so that two
// branches that each add one merge without a conflict:
//
//   seep-baseline 1 ids 1
//   # a line of one's own, or several: belongs to the site below it
//   0123456789abcdef definite 3 malloc < node_new < parse < main  # so does this
//
// that is: id, verdict, limit (limit.h), and a hint for people, which is not read. The first line names the
// version of the format and of the ids' rules (site_id.h). Empty lines and lines that begin with # are
// comments; a block of them that is followed by an empty line stays at the top, any other goes with the site
// below it, also when the site goes. Of a line that stands there twice, as merges may leave it, the larger
// limit holds.
//
// What is known: a process has no more of a site than the limit says, so that a test suite may start one more
// process without exceeding it. Verdicts of one leak vary from run to run, so a line covers its verdict and
// those that are less severe (definite, indirect, possible, reachable, in this order): as many as its limit
// in all. Unclassified is covered by any line, and such a line covers all.
#pragma once

#include "analyzer/gate/limit.h"
#include "analyzer/report/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct baseline_line {
    char id[17];
    enum verdict verdict;
    struct limit limit;
    const char *hint;    // never NULL
    const char *comment; // at the end of the line, with its #; NULL: none
    const char *above;   // whole lines of comment, each with its newline; NULL: none
    bool occurred;       // baseline_mark() met its id
};

struct baseline {
    struct arena *arena; // owns everything below
    const char *path;
    const char *top;             // comment lines that belong to no site; NULL: none
    struct baseline_line *lines; // sorted by id, then by verdict; each pair once
    size_t count;
    size_t room;
};

// Reads the file. 0 and *out, which baseline_free() releases; or -errno and a line in message (FILE:LINE:
// reason), *out untouched. -ENOENT: there is none. any_ids: ids by other rules are taken too, since they are
// to be replaced.
int baseline_read(const char *path, bool any_ids, struct baseline **out, char *message, size_t message_bytes);

// The same from memory; path is what messages call it.
int baseline_parse(const char *text, size_t bytes, const char *path, bool any_ids, struct baseline **out,
                   char *message, size_t message_bytes);
void baseline_free(struct baseline *baseline);

// Sets baseline and baseline_limit of all sites that are not suppressed: known, grown or new.
void baseline_mark(struct baseline *baseline, struct report *report);

// Writes what the report holds now, kinds being a bit per verdict. old: whose comments and tolerances stay;
// NULL: none. The file is whole or as it was. 0, or -errno and a line in message.
int baseline_write(const char *path, const struct baseline *old, const struct report *report, uint32_t kinds,
                   char *message, size_t message_bytes);

// For both: index of the first line with this id, or of where it would stand.
size_t baseline_find(const struct baseline *baseline, const char *id);
