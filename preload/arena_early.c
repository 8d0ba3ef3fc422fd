// See arena_early.h. Called by hooks_heap.c before the constructor has run, possibly before relocation: no
// PLT, no TLS, no memcpy (the loops below must stay loops; the Makefile forbids the compiler to turn them
// into calls).
#include "preload/arena_early.h"
#include "preload/own.h"
#include "preload/raw.h"
#include "preload/wire/atomic.h"

#include <sys/mman.h>
#include <sys/syscall.h>

static const size_t open_step_bytes = 1 << 20;

uintptr_t early_start, early_bytes;
static uintptr_t early_next;   // first address not handed out
static uintptr_t early_opened; // first address not readable yet
static bool own_blocks;

struct early_block { // stands before each block
    size_t bytes;
    const void *caller;
    uint32_t held;
    uint32_t own;
    struct early_block *previous;
};

static struct early_block *newest;

// Before the constructor there is one thread, or threads of a library's making at worst while the loader
// still runs constructors; a process that starts threads from an IFUNC resolver is not known. The reservation
// is made by CAS all the same.
static bool reserve(void) {
    if (early_bytes)
        return true;
    for (size_t bytes = (size_t)256 << 20; bytes >= (size_t)1 << 20; bytes /= 4) {
        long at = raw_syscall6(SYS_mmap, 0, (long)bytes, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (at < 0 && at > -4096)
            continue;
        own_note(at, bytes);
        early_start = early_next = early_opened = (uintptr_t)at;
        early_bytes = bytes;
        return true;
    }
    return false;
}

void *early_alloc(size_t bytes, size_t alignment, const void *caller) {
    if (!reserve())
        return NULL;
    if (alignment < 16)
        alignment = 16;
    uintptr_t block = (early_next + sizeof(struct early_block) + alignment - 1) & ~(uintptr_t)(alignment - 1);
    uintptr_t limit = early_start + early_bytes;
    if (block > limit || bytes > limit - block)
        return NULL;
    uintptr_t end = block + bytes;
    if (end > early_opened) {
        uintptr_t open_to = (end + open_step_bytes - 1) & ~(open_step_bytes - 1);
        if (open_to > limit)
            open_to = limit;
        if (raw_syscall3(SYS_mprotect, (long)early_opened, (long)(open_to - early_opened),
                         PROT_READ | PROT_WRITE) != 0)
            return NULL;
        early_opened = open_to;
    }
    early_next = end;
    struct early_block *head = (struct early_block *)block - 1;
    head->bytes = bytes;
    head->caller = caller;
    head->held = 1;
    head->own = own_blocks;
    head->previous = newest;
    newest = head;
    return (void *)block;
}

void *early_calloc(size_t count, size_t bytes, const void *caller) {
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total))
        return NULL;
    return early_alloc(total, 16, caller);
}

void *early_realloc(void *block, size_t bytes, const void *caller) {
    unsigned char *fresh = early_alloc(bytes, 16, caller);
    if (!fresh || !block)
        return fresh;
    size_t keep = early_size(block) < bytes ? early_size(block) : bytes;
    for (size_t i = 0; i < keep; i++)
        fresh[i] = ((unsigned char *)block)[i];
    early_free(block);
    return fresh;
}

void early_free(void *block) {
    if (block)
        ((struct early_block *)block - 1)->held = 0;
}

size_t early_size(const void *block) {
    return block ? ((const struct early_block *)block - 1)->bytes : 0;
}

void early_each(void (*visit)(const void *block, size_t bytes, const void *caller)) {
    for (struct early_block *head = newest; head; head = head->previous)
        if (head->held && !head->own)
            visit(head + 1, head->bytes, head->caller);
}

void early_mark_own(bool own) {
    own_blocks = own;
}
