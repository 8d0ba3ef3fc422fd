// Waking the analyzer.
#pragma once

#include "preload/attach.h"
#include "preload/raw.h"
#include "preload/wire/atomic.h"

#include <linux/futex.h>
#include <sys/syscall.h>

static inline void doorbell_ring(void) {
    atomic_add_acq_rel(&board->doorbell, 1);
    raw_syscall3(SYS_futex, (long)&board->doorbell, FUTEX_WAKE, 1);
}

// Without a system call while the analyzer is awake. A wake-up that is missed costs the analyzer's idle
// period, or a waiting producer one WIRE_WAIT_NS.
static inline void doorbell_ring_if_asleep(void) {
    if (atomic_load_relaxed(&board->sleeping))
        doorbell_ring();
}
