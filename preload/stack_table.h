// Inserting into the shared stack table (wire/stacks.h has its layout and ordering edges).
#pragma once

#include <stdint.h>

// The id of node (parent, module and flags, pc), inserted if it is new. 0: the table is full (counted in the
// header). Lock-free; threads that race may give one node two ids, which the analyzer merges by content.
uint32_t stack_table_intern(uint32_t parent, uint32_t module, uint64_t pc);
