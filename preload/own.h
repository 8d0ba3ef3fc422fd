// What this library maps for itself, and its own zeroed data, listed for the analyzer: it tells the program's
// memory from ours. Before the process has met its analyzer the list is kept here; then it is the family's,
// in shared memory. Forked children have the same areas. Lock-free and async-signal-safe; calls nothing.
#pragma once

#include "preload/wire/atomic.h"
#include "preload/wire/layout.h"

// One definition for all that include this (weak): a unit test of one file needs no other for it.
#define OWN_SHARED __attribute__((weak, visibility("hidden")))
struct wire_own own_before_meeting[WIRE_OWN_AREAS] OWN_SHARED;
struct wire_own *own_areas OWN_SHARED; // NULL: own_before_meeting

static inline struct wire_own *own_list(void) {
    return own_areas ? own_areas : own_before_meeting;
}

// An area that stays. One that finds no room in the list is taken for the program's.
static inline void own_note(long at, size_t bytes) {
    struct wire_own *list = own_list();
    for (int i = 0; i < WIRE_OWN_AREAS; i++) {
        uint64_t nobody = 0;
        if (atomic_cas_acq_rel(&list[i].start, &nobody, (uint64_t)at)) {
            atomic_store_release(&list[i].bytes, bytes); // OW1
            return;
        }
    }
}

// It is about to be unmapped.
static inline void own_forget(long at) {
    struct wire_own *list = own_list();
    for (int i = 0; i < WIRE_OWN_AREAS; i++)
        if (atomic_load_relaxed(&list[i].start) == (uint64_t)at) { // relaxed: only who noted it forgets it
            atomic_store_release(&list[i].bytes, 0);               // OW1
            atomic_store_release(&list[i].start, 0);               // free only after that
        }
}

// From now on the list is the family's. In the constructor.
static inline void own_publish(struct wire_own *areas) {
    for (int i = 0; i < WIRE_OWN_AREAS; i++)
        areas[i] = own_before_meeting[i];
    own_areas = areas;
}
