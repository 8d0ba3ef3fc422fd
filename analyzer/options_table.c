// The table of options.def, and finding a row in it by what somebody typed. Called by the parser and the
// help.
#include "analyzer/options_table.h"

#include <stdio.h>
#include <string.h>

const struct command_row command_rows[] = {
#define COMMAND(id, name, operands, summary)       {COMMAND_##id, #name, operands, summary, false},
#define COMMAND_LATER(id, name, operands, summary) {COMMAND_##id, #name, operands, summary, true},
#define OPTION(...)
#define OPTION_LATER(...)
#include "analyzer/options.def"
#undef COMMAND
#undef COMMAND_LATER
#undef OPTION
#undef OPTION_LATER
};
const size_t command_row_count = sizeof command_rows / sizeof command_rows[0];

const struct option_row option_rows[OPTIONS] = {
#define COMMAND(...)
#define COMMAND_LATER(...)
#define OPTION(id, letter, name, argument, commands, otherwise, help)                                        \
    [OPTION_##id] = {letter, name, argument, commands, otherwise, help, false},
#define OPTION_LATER(id, letter, name, argument, commands, otherwise, help)                                  \
    [OPTION_##id] = {letter, name, argument, commands, otherwise, help, true},
#include "analyzer/options.def"
#undef COMMAND
#undef COMMAND_LATER
#undef OPTION
#undef OPTION_LATER
};

static bool same(const char *name, const char *text, size_t bytes) {
    return strlen(name) == bytes && memcmp(name, text, bytes) == 0;
}

const struct command_row *command_row_find(const char *name, size_t bytes) {
    for (size_t i = 0; i < command_row_count; i++)
        if (same(command_rows[i].name, name, bytes))
            return &command_rows[i];
    return NULL;
}

enum option_id option_row_find(const char *name, size_t bytes) {
    enum option_id id = 0;
    while (id < OPTIONS && !same(option_rows[id].name, name, bytes))
        id++;
    return id;
}

enum option_id option_row_find_letter(char letter) {
    enum option_id id = 0;
    while (id < OPTIONS && (letter == '\0' || option_rows[id].letter != letter))
        id++;
    return id;
}

// --- did you mean
// ------------------------------------------------------------------------------------------------

enum { WORD_MAX = 32, NEAR = 2 }; // longer words are nobody's slip; so many slips are forgiven

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

// Letters to insert, remove, replace or swap with the next to get from one to the other: the optimal string
// alignment, of whose table three rows are kept.
static size_t distance(const char *a, size_t a_bytes, const char *b) {
    size_t b_bytes = strlen(b);
    if (a_bytes > WORD_MAX || b_bytes > WORD_MAX)
        return WORD_MAX;
    size_t rows[3][WORD_MAX + 1] = {{0}};
    for (size_t j = 0; j <= b_bytes; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_bytes; i++) {
        const size_t *last = rows[(i - 1) % 3], *before_last = rows[(i + 1) % 3];
        size_t *row = rows[i % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_bytes; j++) {
            row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before_last[j - 2] + 1);
        }
    }
    return rows[a_bytes % 3][b_bytes];
}

// Keeps the nearer of *best and candidate. A third of a word may be wrong, and no more than NEAR letters.
static void consider(const char *typed, size_t bytes, const char *candidate, const char **best,
                     size_t *best_distance) {
    size_t d = distance(typed, bytes, candidate);
    if (d <= NEAR && 3 * d <= strlen(candidate) + 1 && d < *best_distance) {
        *best = candidate;
        *best_distance = d;
    }
}

static const char *question(const char *dashes, const char *best) {
    static char text[64];
    if (!best)
        return "";
    snprintf(text, sizeof text, " (did you mean '%s%s'?)", dashes, best);
    return text;
}

const char *nearest_command(const char *name) {
    const char *best = NULL;
    size_t best_distance = WORD_MAX;
    for (size_t i = 0; i < command_row_count; i++)
        consider(name, strlen(name), command_rows[i].name, &best, &best_distance);
    return question("", best);
}

const char *nearest_option(const char *name, size_t bytes, unsigned commands) {
    const char *best = NULL;
    size_t best_distance = WORD_MAX;
    for (enum option_id id = 0; id < OPTIONS; id++)
        if (option_rows[id].commands & commands)
            consider(name, bytes, option_rows[id].name, &best, &best_distance);
    return question("--", best);
}
