// Which of many suppressions a site's function names alone rule out: nearly all of them, and it takes a few
// steps a frame instead of an attempt at each suppression from each frame on.
#pragma once

#include "analyzer/gate/function_match.h"
#include "analyzer/gate/suppressions.h"

struct sieve;

// The suppressions and all texts of the sites that it is asked about must stand as long as the sieve.
struct sieve *sieve_new(const struct suppressions *all, struct function_match *matcher);
void sieve_free(struct sieve *sieve);

// What the site's call and functions have of the patterns, a bit for each or for several of them.
uint64_t sieve_look(struct sieve *sieve, const struct report_site *site);

// false: the suppression of this number does not match a site that has these bits. true says nothing.
bool sieve_lets_pass(const struct sieve *sieve, size_t number, uint64_t bits);
