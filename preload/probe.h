// Is a word readable? Asked of the kernel, where a wrong guess must not crash the program.
#pragma once

#include "preload/raw.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

// The kernel reads the new mask before it looks at what is to be done with it, and no such thing is to be
// done.
static inline bool probe_word(uintptr_t address) {
    return raw_syscall4(SYS_rt_sigprocmask, -1, (long)address, 0, sizeof(uint64_t)) == -EINVAL;
}
