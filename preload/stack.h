// The stack of an event as one number: walks from the hook's caller outward and interns the frames in the
// shared stack table. What makes it fast has its room behind this header.
#pragma once

#include "preload/thread.h"

#include <stdint.h>

// The id of the calling thread's stack, as seen from the hook's caller; 0 if the table is full (counted).
uint32_t stack_capture(struct thread *thread, const struct frame_state *caller);

// The id of a stack of which only one return address is known; marked truncated.
uint32_t stack_of_address(struct thread *thread, const void *address);
