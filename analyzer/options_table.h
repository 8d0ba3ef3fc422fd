// The rows of options.def as data, for the parser and the help. Not for others: they see options.h.
#pragma once

#include "analyzer/options.h"

#include <stdbool.h>
#include <stddef.h>

enum { // which commands an option belongs to
    ON_RUN = 1u << COMMAND_RUN,
    ON_REPORT = 1u << COMMAND_REPORT,
    ON_CHECK = 1u << COMMAND_CHECK,
    ON_DIFF = 1u << COMMAND_DIFF,
    ON_DOCTOR = 1u << COMMAND_DOCTOR,
    ON_HELP = 1u << COMMAND_HELP,
};

struct command_row {
    enum command id;
    const char *name;
    const char *operands; // for the usage line
    const char *summary;
    bool later; // not in this version
};

enum option_id {
#define COMMAND(...)
#define COMMAND_LATER(...)
#define OPTION(id, ...) OPTION_##id,
#define OPTION_LATER    OPTION
#include "analyzer/options.def"
#undef COMMAND
#undef COMMAND_LATER
#undef OPTION
#undef OPTION_LATER
    OPTIONS
};

struct option_row {
    char letter;           // 0: none
    const char *name;      // without the dashes
    const char *argument;  // NULL: takes none
    unsigned commands;     // ON_ bits
    const char *otherwise; // the default, in words; NULL: nothing to say
    const char *help;
    bool later; // not in this version
};

extern const struct command_row command_rows[];
extern const size_t command_row_count;
extern const struct option_row option_rows[OPTIONS];

// NULL if there is no such command.
const struct command_row *command_row_find(const char *name, size_t bytes);
// OPTIONS if there is no such option.
enum option_id option_row_find(const char *name, size_t bytes);
enum option_id option_row_find_letter(char letter);

// " (did you mean 'WORD'?)" if a command, or an option of one of the commands in the mask, is nearly spelled
// like this; else "". In static storage, until the next call.
const char *nearest_command(const char *name);
const char *nearest_option(const char *name, size_t bytes, unsigned commands);

// --- values (options_values.c): 0, or -EINVAL with what is wrong with the value, and what would be right, in
// why ---

int parse_number(const char *value, uint32_t least, uint32_t most, uint32_t *out, char *why,
                 size_t why_bytes);
int parse_track(const char *value, uint32_t *out, char *why, size_t why_bytes);
int parse_show(const char *value, show_set *out, char *why, size_t why_bytes);
// --fail-on's list; *with_new: the word new is in it.
int parse_fail_on(const char *value, show_set *out, bool *with_new, char *why, size_t why_bytes);
// --allow KIND=LIMIT or inexact. Changes only what value speaks of.
int parse_allow(const char *value, struct allowance *kinds, bool *inexact, char *why, size_t why_bytes);
int parse_format(const char *value, struct output *out, char *why,
                 size_t why_bytes); // out->format: static; file: in value

// --- SEEP_OPTIONS (options_words.c) ---

// Splits as a shell does, without expansions. 0 and *out, a NULL-terminated list in one block that free()
// releases, and its length; -EINVAL for an open quote, -ENOMEM.
int split_words(const char *text, char ***out, size_t *count);
