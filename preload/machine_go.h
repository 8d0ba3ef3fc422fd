// Go's own functions on the machine the walk runs on: what a header of a machine must say is what
// machine_go_x86_64.h says.
#pragma once

#if defined(MACHINE_GO_HEADER) // a test of another machine's
#include MACHINE_GO_HEADER
#elif defined(__x86_64__)
#include "preload/machine_go_x86_64.h"
#elif defined(__aarch64__)
#include "preload/machine_go_aarch64.h"
#else
#error "machine_go.h: Go's stacks can't be walked on this machine yet"
#endif
