// Between the files that read suppressions.
#pragma once

#include "analyzer/gate/suppressions.h"
#include "analyzer/gate/text_file.h"

enum entry_state {
    ENTRY_OUTSIDE, // between entries
    ENTRY_NAME,    // behind '{'
    ENTRY_KIND,    // behind the name
    ENTRY_STACK,   // frames, up to '}'
    ENTRY_PASSED,  // of an entry that is not about leaks, up to '}'
};

struct parsing {
    struct suppressions *all;
    struct text_lines lines;
    bool built_in;
    // of the entry at hand, in valgrind's format
    enum entry_state state;
    size_t begun; // number of its first line
    const char *name;
    uint32_t verdicts;
    struct pattern *stack;
    size_t stack_count, stack_room;
};

// A new one in the list, with its place.
struct suppression *suppression_add(struct parsing *p);
// Without blanks at its ends; changes the line.
char *trimmed(char *line);
// Empty, or a comment.
bool says_nothing(const char *line);

// valgrind's format: one line, and the end of the file. 0 or -EINVAL with a message.
int parse_entry_line(struct parsing *p, char *line);
int parse_entries_end(struct parsing *p);
