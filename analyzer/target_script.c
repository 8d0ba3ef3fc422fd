// Reads #! lines by the kernel's rules and `env [-S]` by coreutils'. Must not look anything up: target.c does
// that. Source: Linux fs/binfmt_script.c (what is accepted, what is cut), env(1).
#include "analyzer/target_script.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *at, const char *end) {
    while (at < end && is_blank(*at))
        at++;
    return at;
}

static const char *skip_word(const char *at, const char *end) {
    while (at < end && !is_blank(*at) && *at != '\0')
        at++;
    return at;
}

int script_line_read(const char *head, size_t bytes, struct script_line *out) {
    if (bytes > SCRIPT_HEAD_BYTES)
        bytes = SCRIPT_HEAD_BYTES;
    if (bytes < 2 || head[0] != '#' || head[1] != '!')
        return 0;
    const char *end = head + bytes;
    const char *nul = memchr(head, '\0', bytes);
    if (nul != NULL)
        end = nul;
    const char *newline = memchr(head, '\n', (size_t)(end - head));
    const char *name = skip_blanks(head + 2, newline != NULL ? newline : end);
    if (newline != NULL)
        end = newline;
    else if (nul == NULL && bytes == SCRIPT_HEAD_BYTES && skip_word(name, end) == end)
        return -ENOEXEC; // the line goes on beyond what is read: the name may not be whole
    while (end > name && is_blank(end[-1]))
        end--;
    const char *name_end = skip_word(name, end);
    if (name == name_end)
        return -ENOEXEC;
    const char *argument = skip_blanks(name_end, end);
    snprintf(out->interpreter, sizeof out->interpreter, "%.*s", (int)(name_end - name), name);
    snprintf(out->argument, sizeof out->argument, "%.*s", (int)(end - argument), argument);
    return 1;
}

// Past a leading -S, --split-string or a cluster that ends in S (-iS); NULL if there is none.
static const char *after_split_option(const char *argument) {
    static const char long_option[] = "--split-string";
    if (strncmp(argument, long_option, sizeof long_option - 1) == 0) {
        argument += sizeof long_option - 1;
        return *argument == '=' || is_blank(*argument) ? argument + 1 : NULL;
    }
    if (argument[0] != '-' || argument[1] == '-')
        return NULL;
    size_t cluster = strspn(argument + 1, "iv0");
    return argument[1 + cluster] == 'S' ? argument + 2 + cluster : NULL;
}

int script_env_program(const char *argument, char *name, size_t bytes) {
    if (argument[0] == '\0')
        return 0;
    const char *end = argument + strlen(argument);
    const char *words = after_split_option(argument);
    if (words == NULL) {
        // One word, whatever it holds: a program's name, unless it is an option or an assignment.
        if (argument[0] == '-' || strchr(argument, '=') != NULL || strlen(argument) >= bytes)
            return 0;
        memcpy(name, argument, strlen(argument) + 1);
        return 1;
    }
    if (strpbrk(words, "\"'\\$#") != NULL)
        return 0;
    for (const char *at = skip_blanks(words, end); at < end;) {
        const char *word_end = skip_word(at, end);
        size_t length = (size_t)(word_end - at);
        bool takes_value = length == 2 && at[0] == '-' && strchr("uC", at[1]) != NULL;
        if (at[0] != '-' && memchr(at, '=', length) == NULL) {
            if (length >= bytes)
                return 0;
            memcpy(name, at, length);
            name[length] = '\0';
            return 1;
        }
        at = skip_blanks(word_end, end);
        if (takes_value)
            at = skip_blanks(skip_word(at, end), end);
    }
    return 0;
}
