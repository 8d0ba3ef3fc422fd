// The next definition of every hooked function: the program's own allocator if it brings one, else libc's.
#pragma once

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <threads.h>

struct __dirstream;
struct file_handle;

struct real_functions {
#define HOOK(name, type, parameters) type(*name) parameters;
#include "preload/hooks.def"
#undef HOOK
};

// Resolved once by real_resolve, read-only afterwards. A function that nobody else defines is NULL.
extern struct real_functions real;

// Looks all of them up (RTLD_NEXT). Called by the constructor, before the phase leaves PHASE_EARLY: what
// dlsym allocates comes from the early arena.
void real_resolve(void);

// The same before the constructor, for hooks that can't do without. Does nothing when that is not possible
// yet: then the functions stay NULL. Only in PHASE_EARLY, when there is one thread.
void real_resolve_early(void);

// Sets errno, if its place is known by now. Only in PHASE_EARLY.
void real_errno_early(int error);
