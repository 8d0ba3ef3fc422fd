// Finding and inserting in the shared stack table (wire/stacks.h has its layout and ordering edges).
// Lock-free.
#pragma once

#include <stdint.h>

// The id of the stack with this hash, or 0.
uint32_t stack_table_find(uint64_t hash);

// The same, inserted as node (parent, module and flags, pc) if it is new. 0: the table is full (counted in
// the header). Threads that race may give one stack two ids, which the analyzer merges by content.
uint32_t stack_table_intern(uint64_t hash, uint32_t parent, uint32_t module, uint64_t pc);
