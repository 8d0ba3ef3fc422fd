// Epochs: what sorts the records of one address without a clock. A private table of counters, indexed by a
// hash of the address. An acquire reads its counter after the real call gave the address; a release adds one
// and takes the old value before the real call gives it back. For one address (epoch, acquire before release)
// is then the true order, because the allocator and the program themselves order these calls. The whole
// argument: docs/ordering.md.
#pragma once

#include "preload/wire/atomic.h"

#include <stdint.h>

enum { EPOCH_BITS = 16 };

extern uint64_t epochs[1 << EPOCH_BITS];

static inline uint64_t *epoch_of(const void *block) {
    return &epochs[((uintptr_t)block >> 4) * 0x9e3779b97f4a7c15ull >> (64 - EPOCH_BITS)];
}

// E1: relaxed is enough. The release that moved the counter before this address was handed out again happened
// before the acquire through the allocator's own synchronisation, so coherence makes its value visible here.
static inline uint64_t epoch_read(const void *block) {
    return atomic_load_relaxed(epoch_of(block));
}

static inline uint64_t epoch_take(const void *block) {
    return atomic_add_relaxed(epoch_of(block), 1); // E1
}
