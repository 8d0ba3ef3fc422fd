// Whether a descriptor can be what a recorded call opened. A number that was closed unseen may have been
// given to another descriptor unseen, too: Go closes and opens by system calls of its own.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// call: CALL_; type: as in struct open_file. False only where it is impossible.
bool descriptor_type_fits(uint8_t call, const char *type);
