// From a hook's caller to the thread's start: the walk over the calling thread's own stack.
// Complete and exact for code with unwind information, without frame pointers. Takes no lock that is held for
// long, allocates only through raw mmap, uses little of the stack it walks, leaves errno alone.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Where a walk starts: the state of the function that called the hook, as it will be on return.
struct frame_state {
    uintptr_t pc; // return address into the caller
    uintptr_t sp; // the caller's stack pointer after the return
    uintptr_t fp; // the caller's frame pointer register
};

// One walked frame, innermost first. flags are STACK_EXACT_PC and STACK_GUESSED of wire/stacks.h.
struct walked_frame {
    uintptr_t pc;
    uint32_t flags;
};

// The result: frames beyond what keeps within the limit are left out in the middle.
struct walk {
    struct walked_frame *frames; // room for `limit`, given by the caller of unwind_walk
    size_t limit;                // at least 2
    size_t count;                // frames kept
    size_t elided_at; // if elided: frames [0, elided_at) are the innermost, the rest the outermost ones
    bool elided;
    bool truncated; // could not be walked to the thread's start
};

// Loads libunwind and resolves what it needs; called once from the constructor, where locks and malloc are
// still allowed. 0, or -errno: then every walk gives the caller's frame alone and is truncated.
int unwind_load(void);

// Did unwind_load succeed?
bool unwind_ready(void);

// Fills walk->frames, count, elided, truncated from start outward. Async-signal-safe, reentrant.
void unwind_walk(const struct frame_state *start, struct walk *walk);

// Code may have been unloaded (dlclose returned): forgets what was derived for addresses that lie in no
// object any more.
void unwind_forget_unloaded(void);

// Around fork in the parent and in the child: no other thread may be inside libunwind while the address space
// is copied.
void unwind_before_fork(void);
void unwind_after_fork(void);
