// How far the shim has come. The first thing a hook looks at, so it is a plain word that needs no relocation:
// hooks are called by IFUNC resolvers of libraries that the loader relocates before this one.
#pragma once

#include <stdint.h>

enum {
    PHASE_EARLY = 0, // no real functions yet: the arena serves
    PHASE_READY =
        1, // real functions are known; whether events are recorded is the attachment's word (attach.h)
};

extern uint32_t phase; // written once, by the constructor, while the process has one thread

#define unlikely(x) __builtin_expect(!!(x), 0)
#define likely(x)   __builtin_expect(!!(x), 1)
