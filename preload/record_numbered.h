// What the hooks say of descriptors, mappings and threads. A function for each kind of record
// (wire/record.h), all async-signal-safe; errno stays. What is not tracked is not recorded. A vfork child has
// descriptors of its own, which are nobody's business, but maps and unmaps its parent's memory.
#pragma once

#include "preload/record.h"

#include <stdbool.h>

// The real call succeeded and gave the program descriptor fd. flags: RECORD_REPLACES or 0.
void record_opened(uint8_t call, int fd, uint16_t flags, const struct frame_state *caller);

// The program is about to close count descriptors from first on. Returns a number to take it back with.
uint64_t record_closed(uint8_t call, int first, uint32_t count, const struct frame_state *caller);

// The real call mapped bytes at address, replacing what lay there. flags: RECORD_MAP_.
void record_mapped(uint8_t call, const void *address, size_t bytes, uint16_t flags,
                   const struct frame_state *caller);

// The program is about to unmap bytes at address; of shmdt, what is attached there. Returns a number to take
// it back with. flags: RECORD_MAP_MOVED if record_moved will follow, when the real call succeeds; or 0.
uint64_t record_unmapped(uint8_t call, const void *address, size_t bytes, uint16_t flags,
                         const struct frame_state *caller);

// What was unmapped under that number, not 0, went on as bytes at address.
void record_moved(uint8_t call, uint64_t number, const void *address, size_t bytes);

// How far the sequence has come, for record_thread_made: before the real call.
uint64_t record_thread_begins(void);

// The real call made a thread that is to be joined or detached. begun: what record_thread_begins said.
void record_thread_made(uint8_t call, uintptr_t thread, uint64_t begun, const struct frame_state *caller);

// The thread is about to be joined or detached. Returns a number to take it back with.
uint64_t record_thread_given(uint8_t call, uintptr_t thread);

// The real call of the release that has this number failed. what: the release's address, first descriptor
// or thread.
// flags: RECORD_ERRNO_BADF or 0. Number 0: nothing was recorded, nothing happens.
void record_taken_back(uint8_t call, uint64_t number, uint64_t what, uint16_t flags);

// The calling thread is about to vfork (hooks_vfork.c): from now on it may be the child that records.
extern __thread uint32_t record_vforking __attribute__((visibility("hidden")));
