// See glob.h. Takes time in proportion to both lengths at worst: the last star alone is tried anew.
#include "analyzer/gate/glob.h"

#include <stddef.h>
#include <string.h>

struct glob {
    const char *begin, *end;
    bool question;            // '?' is a wildcard
    bool anywhere, to_no_end; // as if a star stood at the beginning, at the end
};

static bool match(const struct glob *glob, const char *text) {
    const char *at = glob->begin, *behind_star = glob->anywhere ? at : NULL, *retry = text;
    for (;;) {
        while (at < glob->end && *at == '*') {
            behind_star = ++at;
            retry = text;
        }
        if (at == glob->end && (glob->to_no_end || !*text))
            return true;
        if (*text && at < glob->end && ((glob->question && *at == '?') || *at == *text)) {
            at++;
            text++;
        } else if (behind_star && *retry) {
            at = behind_star;
            text = ++retry;
        } else {
            return false;
        }
    }
}

bool glob_match(const char *pattern, const char *text) {
    return match(&(struct glob){.begin = pattern, .end = pattern + strlen(pattern), .question = true}, text);
}

bool template_match(const char *pattern, const char *text) {
    size_t length = strlen(pattern);
    bool from_start = *pattern == '^', to_end = length > 1 && pattern[length - 1] == '$';
    return match(&(struct glob){.begin = pattern + from_start,
                                .end = pattern + length - to_end,
                                .anywhere = !from_start,
                                .to_no_end = !to_end},
                 text);
}

static uint64_t pair(char first, char second) {
    uint32_t both = (uint32_t)(unsigned char)first << 8 | (unsigned char)second;
    return (uint64_t)1 << (both * UINT32_C(2654435761) >> 26);
}

static bool is_wildcard(char c) {
    return c == '*' || c == '?';
}

uint64_t glob_pairs_needed(const char *pattern) {
    uint64_t pairs = 0;
    for (; pattern[0] && pattern[1]; pattern++)
        if (!is_wildcard(pattern[0]) && !is_wildcard(pattern[1]))
            pairs |= pair(pattern[0], pattern[1]);
    return pairs;
}

uint64_t glob_pairs_of(const char *text) {
    uint64_t pairs = 0;
    for (; text[0] && text[1]; text++)
        pairs |= pair(text[0], text[1]);
    return pairs;
}
