// Sites to leave out: LeakSanitizer's and valgrind's files, what programs carry themselves, and a few that
// every program has. A suppressed site counts as suppressed only.
//
// LeakSanitizer's format: a line leak:PATTERN (heap), and ours in addition fd:PATTERN and map:PATTERN. The
// pattern is looked for in each frame's function, source file and object; see template_match().
//
// valgrind's: entries in braces. Of Memcheck:Leak all is honoured (match-leak-kinds; fun:, obj:, src:, ...
// and wildcards; also the kind unclassified), CoreError:FdNotClosed stands for descriptors, and entries for
// other tools and errors are passed over. The first frame is the function that allocated. fun: takes
// demangled names, with or without parameters, and mangled ones. A block that was not classified is
// suppressed by entries that suppress definite ones or name unclassified.
#pragma once

#include "analyzer/report/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pattern_kind {
    PATTERN_FUNCTION,
    PATTERN_OBJECT,
    PATTERN_SOURCE,
    PATTERN_ANY_FRAMES, // "...": any number of frames, none too
};

struct pattern {
    enum pattern_kind kind;
    const char *text;
    uint64_t pairs; // PATTERN_FUNCTION: what a name that matches has of glob_pairs_of(), raw or normal
};

struct suppression {
    const char *name;      // for the report: the pattern itself, or the entry's name
    const char *place;     // FILE:LINE; NULL: built in
    uint32_t verdicts;     // a bit each: what it may suppress
    const char *anywhere;  // LeakSanitizer's pattern; NULL: the patterns are valgrind's
    struct pattern *stack; // from the allocating function on
    size_t stack_count;
    uint64_t sites, resources, bytes; // that it suppressed
};

struct suppressions {
    struct arena *arena; // owns what is below, but for the list
    struct suppression *list;
    size_t count, room;
};

struct suppressions *suppressions_new(void);
void suppressions_free(struct suppressions *all);

// Adds those of a file. 0, or -errno and a line in message (FILE:LINE: reason).
int suppressions_read(struct suppressions *all, const char *path, char *message, size_t message_bytes);
// The same from memory; path is what messages and places call it; NULL: built in.
int suppressions_parse(struct suppressions *all, const char *text, size_t bytes, const char *path,
                       char *message, size_t message_bytes);
// Adds those that every program has: each has the reason for its name.
void suppressions_add_built_in(struct suppressions *all);

// Does it match the site?
bool suppression_matches(const struct suppression *one, const struct report_site *site);

// Sets suppressed_by of the report's sites (the first that matches counts; what is set already stays), and
// moves them in the totals of verdicts.
void suppressions_apply(struct suppressions *all, struct report *report);
