// The places that glibc's malloc takes memory from besides [heap]: its arenas, which nobody can see it map.
#pragma once

#include "analyzer/memory/pieces.h"

// Adds a region of MEMORY_HEAP for each, ascending, to a vector; *arenas is set to how many arenas they are
// of. Reads a few words of the process's memory; finds none if that is refused.
void arenas_find(pid_t pid, const struct smaps *smaps, struct memory_region **regions, size_t *count,
                 size_t *room, uint32_t *arenas);
