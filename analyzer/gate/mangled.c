// See mangled.h. Called while suppressions are read.
#include "analyzer/gate/mangled.h"

#include "analyzer/arena.h"
#include "analyzer/symbols/demangle.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Joins the <length><name> pieces of a nested name, up to a wildcard or to anything else.
static const char *spelled_out(struct arena *arena, const char *at) {
    const char *name = NULL;
    if (strncmp(at, "St", 2) == 0) {
        name = "std";
        at += 2;
    }
    while (*at >= '1' && *at <= '9') {
        char *end;
        unsigned long bytes = strtoul(at, &end, 10);
        size_t there = strcspn(end, "*?");
        if (there < bytes) // the wildcard stands within
            bytes = there;
        name =
            name ? arena_printf(arena, "%s::%.*s", name, (int)bytes, end) : arena_strndup(arena, end, bytes);
        at = end + bytes;
    }
    return name;
}

static const char *translated(struct arena *arena, const char *pattern) {
    if (strncmp(pattern, "_Zn", 3) == 0 && strchr("*?", pattern[3]))
        return "operator new*";
    if (strncmp(pattern, "_Znw", 4) == 0)
        return "operator new(*";
    if (strncmp(pattern, "_Zna", 4) == 0)
        return "operator new[](*";
    const char *at = pattern + 2;
    bool nested = *at == 'N';
    at += nested;
    at += strspn(at, "KVr");
    const char *name = spelled_out(arena, at);
    return name ? arena_printf(arena, "%s*", name) : arena_strdup(arena, pattern);
}

const char *unmangled_pattern(struct arena *arena, const char *pattern) {
    if (strncmp(pattern, "_Z", 2) != 0)
        return arena_strdup(arena, pattern);
    if (strpbrk(pattern, "*?"))
        return translated(arena, pattern);
    return demangle(arena, pattern);
}
