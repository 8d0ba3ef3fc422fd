// Where an operator new or delete goes on from our hook: the next definition in the program's scope, or,
// where the program itself has none because it is a C program that loads C++ libraries, the next one for the
// library that calls.
//
// A definition of the C++ runtime's own (libstdc++, libc++) allocates by malloc and frees by free, which the
// heap's hooks see: it is called straight. Any other, of an allocator or a library, is recorded around.
#pragma once

#include "preload/real.h"

#include <stddef.h>
#include <stdint.h>

// The place of a function in the table of real functions.
#define NEXT_INDEX(name) ((uint32_t)(offsetof(struct real_functions, name) / sizeof(void *)))

// Those that are known from the start and called straight. Else NULL: ask next_straight. Read-only after
// next_prepare.
extern struct real_functions next_known_straight __attribute__((visibility("hidden")));

// Called by the constructor after real_resolve, before the phase leaves PHASE_EARLY.
void next_prepare(void);

// The function to call straight for the code at caller; NULL: it is not to be called straight. Lock-free,
// async-signal-safe once it has answered for an object; errno stays.
void *next_straight(uint32_t index, uintptr_t caller);

// If not straight: the function to record around. NULL: nobody defines it, as seen from caller.
void *next_recorded(uint32_t index, uintptr_t caller);

// An object is about to be unloaded, or was: forgets what was found for callers.
void next_forget(void);
