// Descriptors that came with a message (SCM_RIGHTS).
#pragma once

#include "preload/record_numbered.h"

// Records what came with a message (struct msghdr) that was received with success. The kernel has written
// into it how much of the control data is there: what found no room, or no number, is not (MSG_CTRUNC).
void passed_record(uint8_t call, const void *message, const struct frame_state *caller);

// The same for the first count of an array of struct mmsghdr.
void passed_record_many(uint8_t call, const void *messages, unsigned count, const struct frame_state *caller);
