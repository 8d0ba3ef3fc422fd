// The member `memory` of a process in schema seep-report-1 (docs/memory.md), written and read.
#pragma once

#include "analyzer/report/json_fields.h"
#include "analyzer/report/memory.h"

#include <jansson.h>

// A new value; null for NULL.
json_t *json_memory(const struct report_memory *memory);

// From the process's object. NULL if it has none.
struct report_memory *read_memory(struct reader *r, const json_t *process);
