// See function_match.h. Called by suppressions_match.c and suppressions_sieve.c.
#include "analyzer/gate/function_match.h"

#include "analyzer/gate/glob.h"
#include "analyzer/must.h"
#include "analyzer/site_name.h"

#include <string.h>

// A function's name, made ready when first asked for.
struct name {
    const char *function; // NULL: none yet
    uint64_t pairs;       // of the name or of its normal form
    char normal[SITE_NAME_BYTES];
};
enum { NAMES_BITS = 11 };

struct function_match {
    struct name names[1 << NAMES_BITS]; // that were met lately
};

struct function_match *function_match_new(void) {
    return must(calloc(1, sizeof(struct function_match)));
}

void function_match_free(struct function_match *matcher) {
    free(matcher);
}

// Good until the next one is asked for.
static const struct name *name_of(struct function_match *matcher, const char *function) {
    uint64_t key = (uintptr_t)function * 0x9e3779b97f4a7c15ull;
    struct name *name = &matcher->names[key >> (64 - NAMES_BITS)];
    if (name->function == function)
        return name;
    site_name_normalize(function, name->normal, sizeof name->normal);
    name->pairs = glob_pairs_of(function) | glob_pairs_of(name->normal);
    name->function = function;
    return name;
}

uint64_t function_pairs(struct function_match *matcher, const char *function) {
    return name_of(matcher, function)->pairs;
}

// With and without parameters: debug information gives inlined functions' names without.
bool function_matches(struct function_match *matcher, const struct pattern *pattern, const char *function) {
    if (!function || strcmp(pattern->text, "*") == 0)
        return strcmp(pattern->text, "*") == 0;
    const struct name *name = name_of(matcher, function);
    if (pattern->pairs & ~name->pairs)
        return false;
    if (glob_match(pattern->text, function) || glob_match(pattern->text, name->normal))
        return true;
    if (!strchr(pattern->text, '(') || strpbrk(pattern->text, "*?"))
        return false;
    char wanted[SITE_NAME_BYTES];
    site_name_normalize(pattern->text, wanted, sizeof wanted);
    return strcmp(wanted, name->normal) == 0;
}

bool function_matches_call(const struct pattern *pattern, const char *call) {
    size_t bytes = strlen(call);
    return glob_match(pattern->text, call) ||
           (strncmp(pattern->text, call, bytes) == 0 && pattern->text[bytes] == '(');
}
