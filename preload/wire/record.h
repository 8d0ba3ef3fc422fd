// What travels through a ring: fixed slots of 32 bytes, host byte order. A record is one slot.
// Written by preload/record.c, read by analyzer/drain.c. A change of any field's meaning bumps WIRE_VERSION
// (board.h).
#pragma once

#include <stddef.h>
#include <stdint.h>

// record.kind. 0 is never a valid record, so that untouched memory is recognised.
enum {
    RECORD_ACQUIRE = 1, // the call succeeded; address, bytes, stack, call, epoch are set
    RECORD_RELEASE = 2, // about to be given back; address, call, epoch are set, bytes and stack are 0
};

// record.flags
enum {
    RECORD_EARLY = 1u << 0, // acquired before the shim's constructor ran; its stack has one frame only
};

// record.call of the heap: the public function that was called, and the name that reports give it. Values are
// part of the wire: append only.
#define WIRE_CALLS(CALL)                                                                                     \
    CALL(1, malloc, "malloc")                                                                                \
    CALL(2, calloc, "calloc")                                                                                \
    CALL(3, realloc, "realloc")                                                                              \
    CALL(4, reallocarray, "reallocarray")                                                                    \
    CALL(5, memalign, "memalign")                                                                            \
    CALL(6, aligned_alloc, "aligned_alloc")                                                                  \
    CALL(7, posix_memalign, "posix_memalign")                                                                \
    CALL(8, valloc, "valloc")                                                                                \
    CALL(9, pvalloc, "pvalloc")                                                                              \
    CALL(10, free, "free")                                                                                   \
    CALL(11, cfree, "cfree")                                                                                 \
    CALL(12, free_sized, "free_sized")                                                                       \
    CALL(13, free_aligned_sized, "free_aligned_sized")                                                       \
    CALL(14, operator_new, "operator new")                                                                   \
    CALL(15, operator_new_array, "operator new[]")                                                           \
    CALL(16, operator_delete, "operator delete")                                                             \
    CALL(17, operator_delete_array, "operator delete[]")

#define WIRE_CALL_ENUM(value, call, name) CALL_##call = (value),
enum wire_call { CALL_NONE = 0, WIRE_CALLS(WIRE_CALL_ENUM) CALL_END };
#undef WIRE_CALL_ENUM

struct wire_record {
    uint64_t address; // of the block
    uint64_t bytes;   // asked for, not the allocator's rounding
    uint64_t epoch;   // of the address's hash bucket, see docs/ordering.md: sorts the records of one address
    uint32_t stack;   // id in the stack table (stacks.h); 0: not known
    uint8_t kind;     // RECORD_
    uint8_t call;     // CALL_
    uint16_t flags;   // RECORD_ flags
};
_Static_assert(sizeof(struct wire_record) == 32, "a slot is 32 bytes");
_Static_assert(offsetof(struct wire_record, epoch) == 16, "wire layout");
_Static_assert(offsetof(struct wire_record, stack) == 24, "wire layout");
_Static_assert(offsetof(struct wire_record, kind) == 28, "wire layout");
_Static_assert(offsetof(struct wire_record, flags) == 30, "wire layout");
