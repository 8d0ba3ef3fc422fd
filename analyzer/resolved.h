// The frames of a harvest's stacks, each address resolved once: most stacks have most of their frames in
// common. What frames share of texts is one text, whose address tells it from others.
#pragma once

#include "analyzer/harvest.h"
#include "analyzer/report/report.h"
#include "analyzer/symbols/symbols.h"

struct resolved;

// All three must outlive it; the arena owns what it gives.
struct resolved *resolved_new(const struct harvest *harvest, struct symbols *symbols, struct arena *arena);
void resolved_free(struct resolved *resolved);

// The object as symbols/ knows objects; good as long as the harvest.
struct symbol_module resolved_module(const struct harvested_module *module);

// The frames of a group, innermost first; returns how many.
size_t resolved_frames(struct resolved *resolved, const struct harvested_group *group,
                       struct report_frame **out);
