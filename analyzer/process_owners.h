// Whose the mappings of a process are, by the stacks of the calls that made them: for the search for roots,
// which leaves out what an allocator mapped. Names of functions are not known yet.
#pragma once

#include "analyzer/process.h"
#include "analyzer/verdict/roots.h"

// The pieces of its book of mappings. The caller frees.
struct roots_mapping *process_owned_mappings(const struct process *process, size_t *count);
