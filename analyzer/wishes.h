// What tests wish of a session, by environment variables (CONTRIBUTING.md).
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Records in each ring: SEEP_DEBUG_RING_SLOTS, a power of two that is 4 at least, or WIRE_RING_SLOTS.
uint32_t wish_ring_slots(void);

// Is every stack to be held against libunwind's own walk? SEEP_DEBUG_COMPARE_STACKS.
bool wish_compared_stacks(void);
