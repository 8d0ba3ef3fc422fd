// Mappings that are nobody's leak: what an allocator maps to serve the program's blocks, and a language's
// runtime for its heap. The blocks are reported, what they lie in is not.
#pragma once

#include "analyzer/report/report.h"

#include <stdbool.h>

// Takes such sites out of a process's, whose frames have their names, and counts them in its totals. They lie
// behind its sites then.
// allocator: path of the object that malloc is served from; NULL: not known.
void owners_set_aside(struct report_process *process, const char *allocator);

// Is a site that was set aside a language's runtime's, and not an allocator's?
bool owners_is_runtimes(const struct report_site *site);
