// See suppressions_sieve.h. Called by suppressions_match.c. Each function's name is held against every
// pattern once; a suppression can match only where each of its functions' patterns has met a name.
#include "analyzer/gate/suppressions_sieve.h"

#include "analyzer/table.h"
#include "analyzer/vector.h"

#include <string.h>

struct sieve {
    struct function_match *matcher;
    const struct pattern **patterns; // those of functions, of all suppressions
    size_t pattern_count, pattern_room;
    uint64_t *needed;     // by suppression: the bits of its patterns
    struct table by_name; // of a call or function -> place in found
    uint64_t *found;      // the bits of the patterns that the name matches
    size_t found_count, found_room;
};

static bool tells(const struct pattern *pattern) {
    return pattern->kind == PATTERN_FUNCTION && strcmp(pattern->text, "*") != 0;
}

// Patterns are numbered through; of more than there are bits, several share one.
static uint64_t bit_of(size_t number) {
    return (uint64_t)1 << number % 64;
}

struct sieve *sieve_new(const struct suppressions *all, struct function_match *matcher) {
    struct sieve *sieve = must(calloc(1, sizeof *sieve));
    sieve->matcher = matcher;
    sieve->needed = must(calloc(all->count + 1, sizeof *sieve->needed));
    for (size_t i = 0; i < all->count; i++)
        for (size_t k = 0; k < all->list[i].stack_count; k++)
            if (tells(&all->list[i].stack[k])) {
                sieve->needed[i] |= bit_of(sieve->pattern_count);
                *VECTOR_PUSH(sieve->patterns, sieve->pattern_count, sieve->pattern_room) =
                    &all->list[i].stack[k];
            }
    return sieve;
}

void sieve_free(struct sieve *sieve) {
    table_free(&sieve->by_name);
    free(sieve->found);
    free(sieve->needed);
    free(sieve->patterns);
    free(sieve);
}

// The bits of the patterns that match a function's name, or a call.
static uint64_t find_bits(const struct sieve *sieve, const char *name, bool is_call) {
    uint64_t bits = 0, pairs = is_call ? 0 : function_pairs(sieve->matcher, name);
    for (size_t i = 0; i < sieve->pattern_count; i++) {
        const struct pattern *pattern = sieve->patterns[i];
        if (is_call ? function_matches_call(pattern, name)
                    : !(pattern->pairs & ~pairs) && function_matches(sieve->matcher, pattern, name))
            bits |= bit_of(i);
    }
    return bits;
}

static uint64_t known_bits(struct sieve *sieve, const char *name, bool is_call) {
    // Reports share texts, also those of a call and a function.
    uint64_t key = (uint64_t)(uintptr_t)name << 1 | is_call;
    int added;
    uint32_t index = *table_at(&sieve->by_name, key, (uint32_t)sieve->found_count, &added);
    if (added)
        *VECTOR_PUSH(sieve->found, sieve->found_count, sieve->found_room) = find_bits(sieve, name, is_call);
    return sieve->found[index];
}

uint64_t sieve_look(struct sieve *sieve, const struct report_site *site) {
    uint64_t bits = known_bits(sieve, site->call, true);
    for (size_t i = 0; i < site->frame_count; i++)
        if (site->frames[i].function)
            bits |= known_bits(sieve, site->frames[i].function, false);
    return bits;
}

bool sieve_lets_pass(const struct sieve *sieve, size_t number, uint64_t bits) {
    return (sieve->needed[number] & ~bits) == 0;
}
