// Wildcards as suppressions have them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Does the pattern match all of the text? * stands for any characters, ? for one, all others for themselves.
bool glob_match(const char *pattern, const char *text);

// Does LeakSanitizer's template match? It does if it is found anywhere in the text; * stands for any
// characters, ^ at its beginning and $ at its end hold it to the text's.
bool template_match(const char *pattern, const char *text);

// A bit each for pairs of neighbouring characters. A text can match a pattern as a glob only if it has all
// pairs that the pattern needs: this spares most attempts.
uint64_t glob_pairs_needed(const char *pattern);
uint64_t glob_pairs_of(const char *text);
