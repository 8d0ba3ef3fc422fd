// The sites of one process: its harvested groups, symbolized, merged and named.
#pragma once

#include "analyzer/harvest.h"
#include "analyzer/report/report.h"
#include "analyzer/symbols/symbols.h"

// Fills process->sites (in the report's arena), in no order and without ids: site_id.h gives those once all
// processes have their sites. Groups whose call and frames are the same become one.
void sites_build(struct report_process *process, const struct harvest *harvest, struct symbols *symbols,
                 struct arena *arena);

// The site that a group of the harvest became part of; NULL: it was set aside since.
const struct report_site *sites_of_group(const struct report_process *process, const struct harvest *harvest,
                                         size_t group);

// Fills process->acquired likewise, where the harvest has it.
void sites_build_acquired(struct report_process *process, const struct harvest *harvest,
                          struct symbols *symbols, struct arena *arena);

// The name of a call of the wire.
const char *sites_call_name(uint8_t call);

// Sorts them as report.h says.
void sites_sort(struct report_process *process);
