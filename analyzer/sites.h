// The sites of one process: its harvested groups, symbolized, merged and named.
#pragma once

#include "analyzer/harvest.h"
#include "analyzer/report/report.h"
#include "analyzer/symbols/symbols.h"

// Fills process->sites (in the report's arena), sorted as report.h says. Groups whose call and frames are the
// same become one site.
void sites_build(struct report_process *process, const struct harvest *harvest, struct symbols *symbols,
                 struct arena *arena);
