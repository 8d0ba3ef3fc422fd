// Memory for calls that come before the real allocator is known: from the loader, IFUNC resolvers, dlsym, and
// libraries' constructors. A region reserved once and opened as it grows; its blocks are recognised by
// address for ever. Uses raw system calls only and calls no function through the PLT: it works before this
// library is relocated.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A zeroed block, or NULL when memory runs out. alignment is a power of two; caller is the return address to
// blame.
void *early_alloc(size_t bytes, size_t alignment, const void *caller);
void *early_calloc(size_t count, size_t bytes, const void *caller);
void *early_realloc(void *block, size_t bytes, const void *caller); // block from the arena or NULL
void early_free(void *block);                                       // its memory is not used again
size_t early_size(const void *block);                               // bytes asked for

// For the constructor: visits the blocks that are held now. Blocks acquired while dlsym and the like worked
// for the shim itself are told apart by early_mark_own().
void early_each(void (*visit)(const void *block, size_t bytes, const void *caller));
void early_mark_own(bool own); // blocks from now on are the shim's own and are not visited

extern uintptr_t early_start, early_bytes; // the region; 0 bytes until the first call

static inline bool early_owns(const void *block) {
    return (uintptr_t)block - early_start < early_bytes;
}
