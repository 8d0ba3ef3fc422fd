// An area of the shared memory that is opened from its start as it fills: each address space keeps its own
// mark.
#pragma once

#include "preload/attach.h"
#include "preload/wire/atomic.h"

struct area {
    uint64_t opened; // bytes from the area's start that are readable and writable in this address space; only
                     // grows
};

// Makes bytes [0, upto) of the area at `at` accessible. True unless the system refuses. Threads may race:
// opening twice is harmless, and the mark is raised only after the call returned (AR1 release -> AR2
// acquire).
static inline bool area_open(struct area *area, uint64_t at, uint64_t upto, uint64_t step) {
    uint64_t opened = atomic_load_acquire(&area->opened); // AR2
    if (likely(upto <= opened))
        return true;
    uint64_t fresh = (upto + step - 1) / step * step;
    if (attach_open(at + opened, fresh - opened) != 0)
        return false;
    while (opened < fresh && !atomic_cas_acq_rel(&area->opened, &opened, fresh)) // AR1
        ;
    return true;
}
