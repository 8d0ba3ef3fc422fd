// What can be done about memory that an allocator holds although nothing is in it.
#pragma once

#include "analyzer/arena.h"
#include "analyzer/report/memory.h"

// A sentence or two in the arena; NULL when so little is held that it is not worth anybody's time. Looks at
// the rows, the allocator and its arenas.
const char *remedy_for(const struct report_memory *memory, struct arena *arena);
