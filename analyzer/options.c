// The parser of the command line and of SEEP_OPTIONS. The rows are options.def's; here is what each option
// sets, and the rules by which words become options. Prints nothing; called by main.c and, for programs
// started by LD_PRELOAD alone, by the run command.
#include "analyzer/options_table.h"
#include "preload/wire/layout.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_DEPTH = 256,
    LEAST_DEPTH = 2,
    MOST_DEPTH = WIRE_DEPTH_MAX,
    DEFAULT_TOP = 20,
    DEFAULT_GATE_STATUS = 23
};

struct parser {
    struct options options;
    const struct command_row *command;
    char **words; // what is left to read, NULL-terminated
    bool allow_given;
    bool help; // --help was among them: nothing else counts
    char *message;
    size_t message_bytes;
};

__attribute__((format(printf, 2, 3))) static int fail(struct parser *p, const char *format, ...) {
    va_list list;
    va_start(list, format);
    vsnprintf(p->message, p->message_bytes, format, list);
    va_end(list);
    return -EINVAL;
}

// --- what each option does: 0, or -EINVAL with what is wrong with its value in why
// ------------------------------

static int set_output(struct parser *p, const char *value, char *why, size_t why_bytes) {
    if (!*value) {
        snprintf(why, why_bytes, "a file name is missing");
        return -EINVAL;
    }
    p->options.output = value;
    return 0;
}

static int set_format(struct parser *p, const char *value, char *why, size_t why_bytes) {
    struct output one;
    int rc = parse_format(value, &one, why, why_bytes);
    if (rc < 0)
        return rc;
    size_t count = p->options.format_count;
    struct output *larger = realloc(p->options.formats, (count + 1) * sizeof *larger);
    if (!larger) {
        snprintf(why, why_bytes, "no memory left");
        return -ENOMEM;
    }
    larger[count] = one;
    p->options.format_given = true;
    p->options.formats = larger;
    p->options.format_count = count + 1;
    return 0;
}

static int set_track(struct parser *p, const char *value, char *why, size_t why_bytes) {
    p->options.track_given = true;
    return parse_track(value, &p->options.track, why, why_bytes);
}

static int set_depth(struct parser *p, const char *value, char *why, size_t why_bytes) {
    return parse_number(value, LEAST_DEPTH, MOST_DEPTH, &p->options.depth, why, why_bytes);
}

static int set_children(struct parser *p, const char *value, char *why, size_t why_bytes) {
    bool follow = strcmp(value, "follow") == 0;
    if (!follow && strcmp(value, "ignore") != 0) {
        snprintf(why, why_bytes, "neither follow nor ignore");
        return -EINVAL;
    }
    p->options.follow_children = follow;
    return 0;
}

static int set_verdict(struct parser *p, const char *value, char *why, size_t why_bytes) {
    bool trace = strcmp(value, "trace") == 0, on = trace || strcmp(value, "on") == 0;
    if (!on && strcmp(value, "off") != 0) {
        snprintf(why, why_bytes, "neither on nor off nor trace");
        return -EINVAL;
    }
    p->options.verdict = on;
    p->options.trace = trace;
    p->options.verdict_given = true;
    return 0;
}

static int set_show(struct parser *p, const char *value, char *why, size_t why_bytes) {
    return parse_show(value, &p->options.show, why, why_bytes);
}

static int set_top(struct parser *p, const char *value, char *why, size_t why_bytes) {
    return parse_number(value, 0, UINT32_MAX, &p->options.top, why, why_bytes);
}

static int set_source_root(struct parser *p, const char *value, char *why, size_t why_bytes) {
    if (!*value) {
        snprintf(why, why_bytes, "a directory is missing");
        return -EINVAL;
    }
    p->options.source_root = value;
    return 0;
}

static int set_debuginfod(struct parser *p, const char *value, char *why, size_t why_bytes) {
    (void)value, (void)why, (void)why_bytes;
    p->options.debuginfod = true;
    return 0;
}

static int set_fail_on(struct parser *p, const char *value, char *why, size_t why_bytes) {
    p->options.fail_on_given = true;
    return parse_fail_on(value, &p->options.fail_on, &p->options.fail_on_new, why, why_bytes);
}

static int set_allow(struct parser *p, const char *value, char *why, size_t why_bytes) {
    p->allow_given = true;
    return parse_allow(value, p->options.allow, &p->options.allow_inexact, why, why_bytes);
}

static int set_file(const char **out, const char *value, char *why, size_t why_bytes) {
    if (!*value) {
        snprintf(why, why_bytes, "a file name is missing");
        return -EINVAL;
    }
    *out = value;
    return 0;
}

static int set_baseline(struct parser *p, const char *value, char *why, size_t why_bytes) {
    return set_file(&p->options.baseline, value, why, why_bytes);
}

static int set_write_baseline(struct parser *p, const char *value, char *why, size_t why_bytes) {
    return set_file(&p->options.write_baseline, value, why, why_bytes);
}

static int set_suppressions(struct parser *p, const char *value, char *why, size_t why_bytes) {
    size_t count = p->options.suppression_count;
    const char **larger = realloc(p->options.suppressions, (count + 1) * sizeof *larger);
    if (!larger) {
        snprintf(why, why_bytes, "no memory left");
        return -ENOMEM;
    }
    p->options.suppressions = larger;
    int rc = set_file(&larger[count], value, why, why_bytes);
    p->options.suppression_count += rc == 0;
    return rc;
}

static int set_exit_code(struct parser *p, const char *value, char *why, size_t why_bytes) {
    return parse_number(value, 0, 255, &p->options.exit_code, why, why_bytes);
}

static int set_quiet(struct parser *p, const char *value, char *why, size_t why_bytes) {
    (void)value, (void)why, (void)why_bytes;
    p->options.verbosity = -1;
    return 0;
}

static int set_verbose(struct parser *p, const char *value, char *why, size_t why_bytes) {
    (void)value, (void)why, (void)why_bytes;
    p->options.verbosity = 1;
    return 0;
}

static int set_help(struct parser *p, const char *value, char *why, size_t why_bytes) {
    (void)value, (void)why, (void)why_bytes;
    p->help = true;
    return 0;
}

typedef int (*setter)(struct parser *p, const char *value, char *why, size_t why_bytes);
static const setter setters[OPTIONS] = {
#define COMMAND(...)
#define COMMAND_LATER(...)
#define OPTION(id, ...) [OPTION_##id] = set_##id,
#define OPTION_LATER(...)
#include "analyzer/options.def"
#undef COMMAND
#undef COMMAND_LATER
#undef OPTION
#undef OPTION_LATER
};

// --- words to options
// --------------------------------------------------------------------------------------------

// Is the option one of this command's, and in this version? shown is how the user wrote it.
static int check_option(struct parser *p, enum option_id id, const char *shown, size_t shown_bytes) {
    const struct option_row *row = &option_rows[id];
    if (!(row->commands & 1u << p->command->id))
        return fail(p, "%.*s is not an option of seep %s; seep help %s lists those", (int)shown_bytes, shown,
                    p->command->name, p->command->name);
    if (row->later)
        return fail(p, "%.*s is not in this version yet", (int)shown_bytes, shown);
    return 0;
}

static int apply(struct parser *p, enum option_id id, const char *shown, size_t shown_bytes,
                 const char *value) {
    char why[512] = "";
    int rc = setters[id](p, value, why, sizeof why);
    if (rc < 0 && value)
        return fail(p, "%.*s %s: %s", (int)shown_bytes, shown, value, why);
    return rc;
}

static int missing_value(struct parser *p, enum option_id id, const char *shown, size_t shown_bytes) {
    return fail(p, "%.*s needs a value: %.*s %s", (int)shown_bytes, shown, (int)shown_bytes, shown,
                option_rows[id].argument);
}

// --name, --name=value or --name value; p->words stands at it and is moved past it.
static int long_option(struct parser *p) {
    const char *word = *p->words++;
    size_t bytes = strcspn(word, "=");
    enum option_id id = option_row_find(word + 2, bytes - 2);
    if (id == OPTIONS)
        return fail(p, "unknown option '%.*s'%s; seep help %s lists the options", (int)bytes, word,
                    nearest_option(word + 2, bytes - 2, 1u << p->command->id), p->command->name);
    int rc = check_option(p, id, word, bytes);
    if (rc < 0)
        return rc;
    const char *value = word[bytes] ? word + bytes + 1 : NULL;
    if (!option_rows[id].argument)
        return value ? fail(p, "%.*s takes no value", (int)bytes, word) : apply(p, id, word, bytes, NULL);
    if (!value && !(value = *p->words))
        return missing_value(p, id, word, bytes);
    if (!word[bytes])
        p->words++;
    return apply(p, id, word, bytes, value);
}

// -q, -qv, -oFILE or -o FILE.
static int short_options(struct parser *p) {
    const char *word = *p->words++;
    for (const char *at = word + 1; *at && !p->help; at++) {
        char shown[] = {'-', *at, '\0'};
        enum option_id id = option_row_find_letter(*at);
        if (id == OPTIONS && !word[2])
            return fail(p, "unknown option '%s'; seep help %s lists the options", shown, p->command->name);
        if (id == OPTIONS)
            return fail(p, "unknown option '%s' in '%s'; seep help %s lists the options", shown, word,
                        p->command->name);
        int rc = check_option(p, id, shown, 2);
        if (rc < 0)
            return rc;
        if (option_rows[id].argument) {
            const char *value = at[1] ? at + 1 : *p->words;
            if (!value)
                return missing_value(p, id, shown, 2);
            if (!at[1])
                p->words++;
            return apply(p, id, shown, 2, value);
        }
        if ((rc = apply(p, id, shown, 2, NULL)) < 0)
            return rc;
    }
    return 0;
}

// Options and operands in any order up to "--"; what stands behind run's first operand belongs to the
// program.
static int parse_words(struct parser *p) {
    size_t left = 0;
    while (p->words[left])
        left++;
    p->options.arguments = calloc(left + 2, sizeof *p->options.arguments);
    if (!p->options.arguments)
        return fail(p, "no memory left to read the options");
    bool options_end = false;
    while (*p->words && !p->help) {
        const char *word = *p->words;
        if (options_end || word[0] != '-' || word[1] == '\0') {
            p->options.arguments[p->options.argument_count++] = word;
            options_end |= p->command->id == COMMAND_RUN;
            p->words++;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            options_end = true;
            p->words++;
            continue;
        }
        int rc = word[1] == '-' ? long_option(p) : short_options(p);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int check_operands(struct parser *p) {
    static const struct {
        size_t least, most;
    } operands[] = {
        [COMMAND_RUN] = {1, SIZE_MAX}, [COMMAND_REPORT] = {1, 1}, [COMMAND_CHECK] = {1, SIZE_MAX},
        [COMMAND_DIFF] = {2, 2},       [COMMAND_DOCTOR] = {0, 1}, [COMMAND_HELP] = {0, 1},
        [COMMAND_VERSION] = {0, 0},
    };
    const struct command_row *command = p->command;
    size_t count = p->options.argument_count;
    if (count < operands[command->id].least)
        return fail(p, "seep %s needs more: seep %s %s", command->name, command->name, command->operands);
    if (count > operands[command->id].most)
        return fail(p, "'%s' is too much: seep %s%s%s", p->options.arguments[operands[command->id].most],
                    command->name, *command->operands ? " " : "", command->operands);
    const char *about = command->id == COMMAND_HELP ? p->options.arguments[0] : NULL;
    if (about && !command_row_find(about, strlen(about)))
        return fail(p, "there is no command '%s'%s; seep help lists the commands", about,
                    nearest_command(about));
    return 0;
}

static void fill_defaults(struct options *options) {
    *options = (struct options){
        .track = TRACK_HEAP | TRACK_FD | TRACK_MAP,
        .depth = DEFAULT_DEPTH,
        .follow_children = true,
        .verdict = true,
        .show = ((1u << VERDICTS) - 1) & ~(1u << VERDICT_REACHABLE) & ~(1u << VERDICT_INDIRECT),
        .top = DEFAULT_TOP,
        .exit_code = DEFAULT_GATE_STATUS,
    };
}

// What the options about the gate need from each other.
static int check_gate(struct parser *p) {
    struct options *options = &p->options;
    if (options->command == COMMAND_CHECK && !options->fail_on_given) {
        char why[64];
        set_fail_on(p, options->baseline ? "new" : "any", why, sizeof why);
    }
    if (options->fail_on_new && !options->baseline && !options->write_baseline)
        return fail(p, "--fail-on new needs --baseline FILE, which says what is known");
    if (p->allow_given && !options->fail_on_given)
        return fail(p, "--allow needs a gate: --fail-on LIST says what trips it");
    return 0;
}

// -o was given, and each of the formats has a file of its own.
static bool nothing_goes_to_output(const struct options *options) {
    for (size_t i = 0; i < options->format_count; i++)
        if (!options->formats[i].file)
            return false;
    return options->output != NULL;
}

// Reads p->words for p->command. with_operands: the command's operands are among them.
static int parse(struct parser *p, bool with_operands, struct options *out) {
    fill_defaults(&p->options);
    p->options.command = p->command->id;
    int rc = parse_words(p);
    if (rc == 0 && p->help) {
        p->options.command = COMMAND_HELP;
        p->options.arguments[0] = p->command->name;
        p->options.arguments[1] = NULL;
        p->options.argument_count = 1;
    } else if (rc == 0 && p->command->later) {
        rc = fail(p, "seep %s is not in this version yet", p->command->name);
    } else if (rc == 0 && with_operands) {
        rc = check_operands(p);
    } else if (rc == 0 && p->options.argument_count > 0) {
        rc = fail(p, "'%s' is not an option", p->options.arguments[0]);
    }
    if (rc == 0 && p->options.command != COMMAND_HELP)
        rc = check_gate(p);
    if (rc == 0 && (p->options.format_count == 0 || nothing_goes_to_output(&p->options))) {
        rc = set_format(p, "text", p->message, p->message_bytes);
        p->options.format_given = p->options.output != NULL;
    }
    if (rc < 0)
        options_free(&p->options);
    else
        *out = p->options;
    return rc;
}

static const struct command_row *find_command(struct parser *p, const char *word) {
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
        word = "version";
    else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        word = "help";
    const struct command_row *row = command_row_find(word, strlen(word));
    if (!row && word[0] == '-')
        fail(p, "a command comes before '%s': seep run %s ...; seep help lists the commands", word, word);
    else if (!row)
        fail(p, "unknown command '%s'%s; seep help lists the commands, seep run -- %s runs that program",
             word, nearest_command(word), word);
    return row;
}

int options_parse(int argc, char **argv, struct options *out, char *message, size_t message_bytes) {
    struct parser p = {.message = message, .message_bytes = message_bytes};
    if (argc < 2)
        return fail(&p,
                    "no command is named; seep help lists the commands, seep run -- PROGRAM runs a program");
    p.command = find_command(&p, argv[1]);
    if (!p.command)
        return -EINVAL;
    p.words = argv + 2;
    return parse(&p, true, out);
}

int options_parse_environment(const char *words, struct options *out, char *message, size_t message_bytes) {
    static const char where[] = "SEEP_OPTIONS: ";
    char **list;
    size_t count;
    int rc = split_words(words ? words : "", &list, &count);
    struct parser p = {.message = message, .message_bytes = message_bytes, .words = rc == 0 ? list : NULL};
    if (message_bytes > sizeof where) {
        memcpy(message, where, sizeof where);
        p.message += sizeof where - 1;
        p.message_bytes -= sizeof where - 1;
    }
    if (rc < 0)
        return fail(&p, rc == -EINVAL ? "a quote or a backslash at the end is left open" : "no memory left");
    p.command = command_row_find("run", 3);
    struct options parsed;
    rc = parse(&p, false, &parsed);
    if (rc == 0 && p.help) { // the program's own command line has no place for it
        options_free(&parsed);
        rc = fail(&p, "--help cannot stand there; run seep help run");
    }
    if (rc < 0) {
        free(list);
        return rc;
    }
    *out = parsed;
    out->storage = list;
    return 0;
}

void options_free(struct options *options) {
    free(options->formats);
    free(options->suppressions);
    free(options->arguments);
    free(options->storage);
}
