// Does a function's name match a pattern of a suppression? Keeps what it learnt of names: reports have many
// frames and few functions.
#pragma once

#include "analyzer/gate/suppressions.h"

struct function_match;

struct function_match *function_match_new(void);
void function_match_free(struct function_match *matcher);

// pattern is of the kind PATTERN_FUNCTION. function: demangled; NULL: not known, which only * matches. Texts
// are told apart by their addresses, so those of all questions must stand as long as the matcher.
bool function_matches(struct function_match *matcher, const struct pattern *pattern, const char *function);

// What glob_pairs_of() finds in the function's name, raw or normal: patterns that need others do not match.
uint64_t function_pairs(struct function_match *matcher, const char *function);

// Does the pattern match the call that acquired, which valgrind's stacks begin with? A mangled operator new
// has its parameters, a call has none.
bool function_matches_call(const struct pattern *pattern, const char *call);
