// Which object a code address lies in, as an index into the shared module table.
#pragma once

#include "preload/wire/atomic.h"
#include "preload/wire/modules.h"

#include <limits.h>
#include <stdint.h>

// What module_of finds out about an object that is new. Too large for the stacks that a hook may run on, so
// the caller gives the room.
struct module_identity {
    uint64_t start, end, load_bias;
    uint32_t path_bytes, build_id_bytes;
    uint8_t build_id[WIRE_BUILD_ID_BYTES];
    char path[PATH_MAX];
    char directory[PATH_MAX];
};

// 0: in none, or the table is full (counted in the memory's header). Lock-free, async-signal-safe.
uint32_t module_of(struct module_identity *scratch, uintptr_t address);

extern uint32_t module_unload_count __attribute__((visibility("hidden"))); // module_unloads

// How often objects may have been unloaded so far: an address resolved under an older number must be resolved
// again.
static inline uint32_t module_unloads(void) {
    return atomic_load_acquire(&module_unload_count); // MU2
}

// dlclose returned.
void module_note_unload(void);
