// Go's own functions on the machine the walk runs on; see machine_go_x86_64.h for what a new machine must
// say.
#pragma once

#if defined(__x86_64__)
#include "preload/machine_go_x86_64.h"
#else
#error "machine_go.h: Go's stacks can't be walked on this machine yet"
#endif
