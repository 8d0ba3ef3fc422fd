// Between sarif.c and sarif_result.c.
#pragma once

#include "analyzer/report/listing.h"

#include <jansson.h>

// What code scanning takes or shows of a result; the innermost frames count most.
enum { SARIF_FRAMES = 100, SARIF_NAME_BYTES = 1000 };

struct sarif {
    struct arena *arena;
    const char *root; // of the sources; NULL: not known
    const char *rules[VERDICTS];
};

// "error", "warning", "note".
const char *sarif_level(enum verdict verdict);
// {"text": ...}, for people: on one line, nothing of it hidden.
json_t *sarif_message(const char *text);
// A site as a result object. It has a location always: the innermost frame within the sources, else the
// executable.
json_t *sarif_result(const struct sarif *sarif, const struct listed_site *listed);
