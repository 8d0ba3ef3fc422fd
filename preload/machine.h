// The machine the walk runs on. A new one needs a header like machine_x86_64.h, and its return address's
// place in frame rules.
#pragma once

#if defined(__x86_64__)
#include "preload/machine_x86_64.h"
#else
#error "machine.h: stacks can't be walked on this machine yet"
#endif
