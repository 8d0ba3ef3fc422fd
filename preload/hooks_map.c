// The hooks of mappings: mmap and its relatives, shared memory of System V, and the program's break. A
// mapping is recorded after the real call made it, its release before the real call, and taken back if that
// failed.
//
// Allocators call these from inside malloc; the analyzer tells by the stack that such a mapping is theirs.
// What libunwind maps while it works for us is not the program's.
#include "preload/hooks.h"
#include "preload/hooks_early.h"
#include "preload/record_numbered.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#define NO_ADDRESS ((void *)-1) // MAP_FAILED, and what shmat and sbrk say

static const uint16_t break_flags = RECORD_MAP_READ | RECORD_MAP_WRITE;

static inline size_t whole_pages(size_t bytes) {
    size_t page = (size_t)getpagesize();
    return (bytes + page - 1) & ~(page - 1);
}

static uint16_t map_flags(int protection, int flags) {
    return (uint16_t)((protection & PROT_READ ? RECORD_MAP_READ : 0) |
                      (protection & PROT_WRITE ? RECORD_MAP_WRITE : 0) |
                      (protection & PROT_EXEC ? RECORD_MAP_EXECUTE : 0) |
                      ((flags & MAP_TYPE) != MAP_PRIVATE ? RECORD_MAP_SHARED : 0) |
                      (flags & MAP_ANONYMOUS ? 0 : RECORD_MAP_FILE));
}

HOOKED void *mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset) {
    EARLY((void *)early_answer(
        raw_syscall6(SYS_mmap, (long)address, (long)bytes, protection, flags, fd, offset)));
    void *start = real.mmap(address, bytes, protection, flags, fd, offset);
    if (start != MAP_FAILED)
        record_mapped(CALL_mmap, start, whole_pages(bytes), map_flags(protection, flags), CALLER());
    return start;
}

HOOKED void *mmap64(void *address, size_t bytes, int protection, int flags, int fd, off64_t offset) {
    EARLY((void *)early_answer(
        raw_syscall6(SYS_mmap, (long)address, (long)bytes, protection, flags, fd, offset)));
    void *start = real.mmap64(address, bytes, protection, flags, fd, offset);
    if (start != MAP_FAILED)
        record_mapped(CALL_mmap, start, whole_pages(bytes), map_flags(protection, flags), CALLER());
    return start;
}

HOOKED int munmap(void *address, size_t bytes) {
    EARLY((int)early_answer(raw_syscall2(SYS_munmap, (long)address, (long)bytes)));
    uint64_t number = record_unmapped(CALL_munmap, address, whole_pages(bytes), 0, CALLER());
    int bad = real.munmap(address, bytes);
    if (unlikely(bad))
        record_taken_back(CALL_munmap, number, 0, 0);
    return bad;
}

// Of old size 0 it maps shared memory once more, and MREMAP_DONTUNMAP leaves the old range mapped: nothing is
// given up then, and what is new is a mapping of its own.
static void *remap(void *old, size_t old_bytes, size_t bytes, int flags, void *wish,
                   const struct frame_state *caller) {
    bool gives_up = old_bytes > 0 && !(flags & MREMAP_DONTUNMAP);
    uint64_t number =
        gives_up ? record_unmapped(CALL_mremap, old, whole_pages(old_bytes), RECORD_MAP_MOVED, caller) : 0;
    void *start = real.mremap(old, old_bytes, bytes, flags, wish);
    if (start == MAP_FAILED)
        record_taken_back(CALL_mremap, number, 0, 0);
    else if (number)
        record_moved(CALL_mremap, number, start, whole_pages(bytes));
    else
        record_mapped(CALL_mremap, start, whole_pages(bytes), 0, caller);
    return start;
}

// The last argument is there only with some flags. The real function reads it in the same way.
HOOKED void *mremap(void *old, size_t old_bytes, size_t bytes, int flags, ...) {
    void *wish = NULL;
    if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) {
        va_list rest;
        va_start(rest, flags);
        wish = va_arg(rest, void *);
        va_end(rest);
    }
    EARLY((void *)early_answer(
        raw_syscall5(SYS_mremap, (long)old, (long)old_bytes, (long)bytes, flags, (long)wish)));
    return remap(old, old_bytes, bytes, flags, wish, CALLER());
}

// How much an attachment takes is the segment's word.
static size_t segment_bytes(int id) {
    struct shmid_ds segment;
    return raw_failed(raw_syscall3(SYS_shmctl, id, IPC_STAT, (long)&segment))
               ? 0
               : whole_pages(segment.shm_segsz);
}

HOOKED void *shmat(int id, const void *address, int flags) {
    EARLY((void *)early_answer(raw_syscall3(SYS_shmat, id, (long)address, flags)));
    void *start = real.shmat(id, address, flags);
    if (start != NO_ADDRESS)
        record_mapped(CALL_shmat, start, segment_bytes(id),
                      (uint16_t)(RECORD_MAP_READ | RECORD_MAP_SHARED |
                                 (flags & SHM_RDONLY ? 0 : RECORD_MAP_WRITE) |
                                 (flags & SHM_EXEC ? RECORD_MAP_EXECUTE : 0)),
                      CALLER());
    return start;
}

HOOKED int shmdt(const void *address) {
    EARLY((int)early_answer(raw_syscall1(SYS_shmdt, (long)address)));
    uint64_t number = record_unmapped(CALL_shmdt, address, 0, 0, CALLER());
    int bad = real.shmdt(address);
    if (unlikely(bad))
        record_taken_back(CALL_shmdt, number, 0, 0);
    return bad;
}

static inline char *break_now(void) {
    return (char *)raw_syscall1(SYS_brk, 0);
}

// The allocator moves the break as well, by calls that pass us by: what this call moves is this call's.
HOOKED int brk(void *end) {
    EARLY(EARLY_REAL(brk, (end), early_fails()));
    char *before = break_now(), *after = end;
    uint64_t number = 0;
    if (after < before)
        number = record_unmapped(CALL_brk, after, (size_t)(before - after), 0, CALLER());
    int bad = real.brk(end);
    if (bad)
        record_taken_back(CALL_brk, number, 0, 0);
    else if (after > before)
        record_mapped(CALL_brk, before, (size_t)(after - before), break_flags, CALLER());
    return bad;
}

HOOKED void *sbrk(intptr_t bytes) {
    EARLY(EARLY_REAL(sbrk, (bytes), (early_fails(), NO_ADDRESS)));
    uint64_t number = 0;
    if (bytes < 0)
        number = record_unmapped(CALL_sbrk, break_now() + bytes, (size_t)-bytes, 0, CALLER());
    void *before = real.sbrk(bytes);
    if (before == NO_ADDRESS)
        record_taken_back(CALL_sbrk, number, 0, 0);
    else if (bytes > 0)
        record_mapped(CALL_sbrk, before, (size_t)bytes, break_flags, CALLER());
    return before;
}
