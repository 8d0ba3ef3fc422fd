// What stands behind an option, checked and taken apart. Called by the parser; keeps nothing, prints nothing.
#include "analyzer/options_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// One word of a list in an option's value, and its bits in the set.
struct list_word {
    const char *name;
    uint32_t bits;
};

int parse_number(const char *value, uint32_t least, uint32_t most, uint32_t *out, char *why,
                 size_t why_bytes) {
    size_t digits = strspn(value, "0123456789");
    errno = 0;
    unsigned long long number = strtoull(value, NULL, 10);
    if (digits == 0 || value[digits] || errno || number < least || number > most) {
        snprintf(why, why_bytes, "not a whole number from %u to %u", least, most);
        return -EINVAL;
    }
    *out = (uint32_t)number;
    return 0;
}

static uint32_t find_word(const struct list_word *words, const char *name, size_t bytes) {
    for (; words->name; words++)
        if (strlen(words->name) == bytes && memcmp(words->name, name, bytes) == 0)
            return words->bits;
    return 0;
}

static int unknown_word(const struct list_word *words, const char *name, size_t bytes, char *why,
                        size_t why_bytes) {
    int at = bytes ? snprintf(why, why_bytes, "'%.*s' is none of", (int)bytes, name)
                   : snprintf(why, why_bytes, "a word is missing; there are");
    for (; words->name && at >= 0 && (size_t)at < why_bytes; words++)
        at += snprintf(why + at, why_bytes - (size_t)at, " %s%s", words->name, words[1].name ? "," : "");
    return -EINVAL;
}

// Words between commas, no blanks, none empty.
static int parse_list(const struct list_word *words, const char *value, uint32_t *out, char *why,
                      size_t why_bytes) {
    uint32_t set = 0;
    for (const char *word = value;;) {
        size_t bytes = strcspn(word, ",");
        uint32_t bits = find_word(words, word, bytes);
        if (!bits)
            return unknown_word(words, word, bytes, why, why_bytes);
        set |= bits;
        if (!word[bytes])
            break;
        word += bytes + 1;
    }
    *out = set;
    return 0;
}

int parse_track(const char *value, uint32_t *out, char *why, size_t why_bytes) {
    static const struct list_word words[] = {{"heap", TRACK_HEAP}, {"fd", TRACK_FD}, {"map", TRACK_MAP}, {0}};
    uint32_t set = 0;
    int rc = parse_list(words, value, &set, why, why_bytes);
    if (rc == 0)
        *out = set;
    return rc;
}

// The kinds as --show, --fail-on and --allow call them.
#define KIND_WORDS                                                                                           \
    {"definite", 1u << VERDICT_DEFINITE}, {"indirect", 1u << VERDICT_INDIRECT},                              \
        {"possible", 1u << VERDICT_POSSIBLE}, {"reachable", 1u << VERDICT_REACHABLE},                        \
        {"unclassified", 1u << VERDICT_UNCLASSIFIED}, {"fd", 1u << VERDICT_OPEN}, {                          \
        "map", 1u << VERDICT_MAPPED                                                                          \
    }

enum { ALL_KINDS = (1u << VERDICTS) - 1, NEW = 1u << VERDICTS };

int parse_show(const char *value, show_set *out, char *why, size_t why_bytes) {
    static const struct list_word words[] = {KIND_WORDS, {"all", ALL_KINDS}, {0}};
    return parse_list(words, value, out, why, why_bytes);
}

int parse_fail_on(const char *value, show_set *out, bool *with_new, char *why, size_t why_bytes) {
    static const uint32_t any = ALL_KINDS & ~(1u << VERDICT_REACHABLE);
    static const struct list_word words[] = {
        KIND_WORDS, {"any", any}, {"all", ALL_KINDS}, {"new", NEW | any}, {0}};
    uint32_t set = 0;
    int rc = parse_list(words, value, &set, why, why_bytes);
    if (rc < 0)
        return rc;
    *out = set & ALL_KINDS;
    *with_new = set & NEW;
    return 0;
}

// A count, or bytes with a unit, of 1,024 each.
static int parse_limit(const char *text, struct allowance *out, char *why, size_t why_bytes) {
    static const char units[] = "BKMG";
    size_t digits = strspn(text, "0123456789");
    const char *unit = digits && text[digits] && !text[digits + 1] ? strchr(units, text[digits]) : NULL;
    errno = 0;
    unsigned long long number = strtoull(text, NULL, 10);
    unsigned shift = unit ? 10 * (unsigned)(unit - units) : 0;
    if (!digits || (text[digits] && !unit) || errno || number > (UINT64_MAX >> shift)) {
        snprintf(why, why_bytes, "'%s' is neither a count nor a size such as 64B, 10K, 2M or 1G", text);
        return -EINVAL;
    }
    if (unit) {
        out->bytes_given = true;
        out->bytes = (uint64_t)number << shift;
    } else {
        out->count_given = true;
        out->count = number;
    }
    return 0;
}

int parse_allow(const char *value, struct allowance *kinds, bool *inexact, char *why, size_t why_bytes) {
    static const struct list_word words[] = {KIND_WORDS, {"inexact", NEW}, {0}};
    size_t bytes = strcspn(value, "=");
    uint32_t bit = find_word(words, value, bytes);
    if (!bit)
        return unknown_word(words, value, bytes, why, why_bytes);
    if (bit == NEW) {
        *inexact = true;
        if (value[bytes])
            snprintf(why, why_bytes, "inexact takes no limit");
        return value[bytes] ? -EINVAL : 0;
    }
    if (!value[bytes]) {
        snprintf(why, why_bytes, "the limit is missing: %s=LIMIT", value);
        return -EINVAL;
    }
    enum verdict kind = 0;
    while (bit != 1u << kind)
        kind++;
    struct allowance limit = kinds[kind];
    int rc = parse_limit(value + bytes + 1, &limit, why, why_bytes);
    if (rc == 0 && limit.bytes_given && kind == VERDICT_OPEN) {
        snprintf(why, why_bytes, "descriptors have no size; give a count");
        rc = -EINVAL;
    }
    if (rc == 0)
        kinds[kind] = limit;
    return rc;
}

#define FORMAT(name, ...)       {#name, false},
#define FORMAT_BINARY           FORMAT
#define FORMAT_LATER(name, ...) {#name, true},
static const struct format_word {
    const char *name;
    bool later;
} format_words[] = {
#include "analyzer/report/formats.def"
};
#undef FORMAT
#undef FORMAT_BINARY
#undef FORMAT_LATER

enum { FORMATS = sizeof format_words / sizeof format_words[0] };

static int refuse_format(bool later, char *why, size_t why_bytes) {
    int at = snprintf(why, why_bytes, "%s; there are:", later ? "not in this version yet" : "no such format");
    const char *separator = " ";
    for (size_t i = 0; i < FORMATS && at >= 0 && (size_t)at < why_bytes; i++) {
        if (format_words[i].later)
            continue;
        at += snprintf(why + at, why_bytes - (size_t)at, "%s%s", separator, format_words[i].name);
        separator = ", ";
    }
    return -EINVAL;
}

int parse_format(const char *value, struct output *out, char *why, size_t why_bytes) {
    size_t bytes = strcspn(value, "=");
    const struct format_word *word = NULL;
    for (size_t i = 0; i < FORMATS; i++)
        if (strlen(format_words[i].name) == bytes && memcmp(format_words[i].name, value, bytes) == 0)
            word = &format_words[i];
    if (!word || word->later)
        return refuse_format(word != NULL, why, why_bytes);
    const char *file = value[bytes] ? value + bytes + 1 : NULL;
    if (file && !*file) {
        snprintf(why, why_bytes, "no file is named after the '='");
        return -EINVAL;
    }
    *out = (struct output){word->name, file};
    return 0;
}
