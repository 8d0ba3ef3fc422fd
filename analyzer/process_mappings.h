// The mappings of a process: what is looked at while it is there, and what of them goes into its harvest.
#pragma once

#include "analyzer/memory/pieces.h"
#include "analyzer/process.h"

// The stretches of its address space that recorded calls mapped and nobody unmapped. Those that were mapped
// by one call at one stack have one number as their site, the same in each look. The caller frees.
struct memory_region *process_mapped_regions(struct process *process, size_t *count);

// The kernel was just asked what the process has: what is in the book and not there was given back unseen.
void process_compare_mappings(struct process *process);

// Adds each mapping that is left to the harvest. What of it is resident is known if the process was looked at
// in its last moment.
void process_harvest_mappings(struct process *process, struct harvester *harvester);

// The group of the harvest that has the site of this number in a look; -1: nothing of it was left at the end.
int64_t process_mapping_group(const struct process *process, int32_t site);
