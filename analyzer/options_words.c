// Splits SEEP_OPTIONS into words: blanks separate, single and double quotes and backslashes protect, as in a
// shell; nothing is expanded. Called by options_parse_environment.
#include "analyzer/options_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// Copies one word to *to, without its quotes. Returns where it ended, NULL if a quote was left open.
static const char *copy_word(const char *from, char **to) {
    char quote = '\0';
    for (; *from && (quote || !blank(*from)); from++) {
        bool protects = quote == '\0' || (quote == '"' && from[1] && strchr("\"\\$`", from[1]));
        if (*from == quote) {
            quote = '\0';
        } else if (!quote && (*from == '\'' || *from == '"')) {
            quote = *from;
        } else if (*from == '\\' && protects && quote != '\'') {
            if (!from[1])
                return NULL;
            *(*to)++ = *++from;
        } else {
            *(*to)++ = *from;
        }
    }
    *(*to)++ = '\0';
    return quote ? NULL : from;
}

int split_words(const char *text, char ***out, size_t *count) {
    // At most every other character begins a word; the words themselves are never longer than the text.
    size_t bytes = strlen(text);
    size_t most = bytes / 2 + 2;
    char **list = malloc(most * sizeof *list + bytes + 1);
    if (!list)
        return -ENOMEM;
    char *to = (char *)(list + most);
    size_t words = 0;
    for (;;) {
        while (blank(*text))
            text++;
        if (!*text)
            break;
        list[words++] = to;
        text = copy_word(text, &to);
        if (!text) {
            free(list);
            return -EINVAL;
        }
    }
    list[words] = NULL;
    *out = list;
    *count = words;
    return 0;
}
