// A site in a few words, for lines that are read and compared by people: "malloc < node_new < parse < main",
// without anything that changes when lines move. Never holds a newline, nor a # behind a blank.
#pragma once

#include "analyzer/report/report.h"

// At most `most` functions of the frames that make the site's id. In the arena.
const char *site_hint(struct arena *arena, const struct report_site *site, size_t most);

// Where to look first: "file:line" of the innermost of these frames that has a line, or NULL.
const char *site_place(struct arena *arena, const struct report_site *site);
