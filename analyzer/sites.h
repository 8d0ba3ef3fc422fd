// The sites of one process: its harvested groups, symbolized, merged and named.
#pragma once

#include "analyzer/harvest.h"
#include "analyzer/report/report.h"
#include "analyzer/symbols/symbols.h"

// Fills process->sites (in the report's arena), in no order and without ids: site_id.h gives those once all
// processes have their sites. Groups whose call and frames are the same become one.
void sites_build(struct report_process *process, const struct harvest *harvest, struct symbols *symbols,
                 struct arena *arena);

// Fills process->acquired likewise, where the harvest has it.
void sites_build_acquired(struct report_process *process, const struct harvest *harvest,
                          struct symbols *symbols, struct arena *arena);

// Sorts them as report.h says.
void sites_sort(struct report_process *process);
