// What the walk reads off Go's hand-written functions on x86-64. They are found by name; their frames differ
// from release to release, so offsets are read off the instructions, and an instruction that is not there
// means a layout that nobody here knows.
#pragma once

#include "preload/machine_x86_64.h"

#include <stddef.h>
#include <string.h>

// A call pushes the return address: the table's values, which tell how far sp is from where it was at the
// function's entry, don't count it.
enum { MACHINE_GO_PUSHED_BYTES = 8 };

// Where the return address lies in a frame at sp whose caller's sp is cfa.
static inline uintptr_t machine_go_return_slot(uintptr_t sp, uintptr_t cfa) {
    (void)sp;
    return cfa + (uintptr_t)(intptr_t)MACHINE_RETURN_OFFSET;
}

// The same as an offset from the caller's sp, for the function's code up to a call, with so many bytes
// between sp and the caller's. False: not understood.
static inline bool machine_go_read_return(const uint8_t *code, size_t bytes, int32_t frame_bytes,
                                          int32_t *offset) {
    (void)code, (void)bytes, (void)frame_bytes;
    *offset = MACHINE_RETURN_OFFSET;
    return true;
}

// Does the code end with a call?
static inline bool machine_go_ends_with_call(const uint8_t *code, size_t bytes) {
    return bytes >= MACHINE_CALL_BYTES && machine_is_call(code + bytes);
}

// An access of [sp + offset], of one byte or none.
enum { GO_STORE_BYTES_MOST = 5 };

// Is there "op reg, [sp + offset]" at code? opcode and reg as in the instruction: 0x89 stores, 0x8b loads.
static inline bool machine_go_is_access(const uint8_t *code, size_t bytes, uint8_t opcode, uint8_t reg,
                                        int16_t *offset) {
    uint8_t prefix = reg < 8 ? 0x48 : 0x4c;
    if (bytes < 4 || code[0] != prefix || code[1] != opcode || code[3] != 0x24)
        return false;
    if (code[2] == (0x04 | (reg & 7) << 3)) {
        *offset = 0;
        return true;
    }
    if (bytes < GO_STORE_BYTES_MOST || code[2] != (0x44 | (reg & 7) << 3))
        return false;
    *offset = (int8_t)code[4];
    return true;
}

enum { MACHINE_GO_RDX = 2, MACHINE_GO_RBP = 5, MACHINE_GO_RDI = 7, MACHINE_GO_STORE = 0x89 };

static inline bool machine_go_starts(const uint8_t *code, size_t bytes, const char *with, size_t length) {
    return bytes >= length && memcmp(code, with, length) == 0;
}

#define MACHINE_GO_IS(code, bytes, text) machine_go_starts(code, bytes, text, sizeof(text) - 1)

// Is sp moved by what the table's values don't count? and $-16, %rsp: from there on they don't tell where the
// caller's frame is.
static inline bool machine_go_moves_sp(const uint8_t *code, size_t bytes) {
    for (size_t at = 0; at < bytes; at++)
        if (MACHINE_GO_IS(code + at, bytes - at, "\x48\x83\xe4\xf0"))
            return true;
    return false;
}

// A Go library's constructor, which aligns its stack before it calls on. It is called by C, whose stack
// pointer before the call is a multiple of 16, so what aligning took away is known.
#define MACHINE_GO_LIBRARY_ENTRIES "_rt0_amd64_lib"
static inline int32_t machine_go_entry_lost(int32_t frame_bytes) {
    return -frame_bytes & 15;
}

// How the runtime calls C from its own stack: mov %rsp, %rbx; and $-16, %rsp; mov %rbx, (%rsp). The original
// is kept at sp.
static inline bool machine_go_keeps_sp(const uint8_t *code, size_t bytes) {
    for (size_t at = 0; at < bytes; at++)
        if (MACHINE_GO_IS(code + at, bytes - at, "\x48\x89\xe3\x48\x83\xe4\xf0\x48\x89\x1c\x24"))
            return true;
    return false;
}

// What asmcgocall's instructions up to a call say of its frame there.
struct machine_go_call {
    bool switched;  // the caller is on a goroutine's stack; else further up on the same one
    size_t taken;   // place of the instruction that took sp, from which depth and stack are made
    int16_t g;      // switched: offsets from sp of the goroutine and of the depth below the top of its stack
    int16_t depth;  // switched
    int16_t stack;  // not switched: of the stack pointer that was taken
    int16_t opened; // switched: bytes between sp and what sp was before, but for alignment
};

// Reads code[0, bytes), from asmcgocall's first instruction to a call in it. False: not understood.
//   mov %rsp, %rdx takes sp; since Go 1.21 asmcgocall has pushed %rbp before.
//   switched:  mov off(%rsi), %rsp; sub $N, %rsp; and $-16, %rsp; mov %rdi, g(%rsp); mov 8(%rdi), %rdi; sub
//   %rdx, %rdi;
//              mov %rdi, depth(%rsp)
//   otherwise: mov %rdx, stack(%rsp), the original one
static inline bool machine_go_read_call(const uint8_t *code, size_t bytes, struct machine_go_call *call) {
    enum { NOTHING, TAKEN, OPENED, GOROUTINE, TOP, DEPTH, STACK } seen = NOTHING;
    *call = (struct machine_go_call){0};
    for (size_t at = 0; at < bytes; at++) {
        const uint8_t *here = code + at;
        size_t left = bytes - at;
        int16_t offset;
        if (MACHINE_GO_IS(here, left, "\x48\x89\xe2")) {
            call->taken = at;
            seen = TAKEN;
        } else if (left > 4 && MACHINE_GO_IS(here, left, "\x48\x83\xec") && here[3] < 0x80 &&
                   seen != NOTHING) {
            call->opened = here[3];
            seen = OPENED;
        } else if (machine_go_is_access(here, left, MACHINE_GO_STORE, MACHINE_GO_RDI, &offset)) {
            if (seen == OPENED) {
                call->g = offset;
                seen = GOROUTINE;
            } else if (seen == TOP) {
                call->depth = offset;
                seen = DEPTH;
            }
        } else if (seen == GOROUTINE && MACHINE_GO_IS(here, left, "\x48\x8b\x7f\x08\x48\x29\xd7")) {
            seen = TOP;
        } else if (seen == OPENED &&
                   machine_go_is_access(here, left, MACHINE_GO_STORE, MACHINE_GO_RDX, &offset)) {
            call->stack = offset;
            seen = STACK;
        }
    }
    call->switched = seen == DEPTH;
    return seen == DEPTH || seen == STACK;
}

// In cgocallback up to a call: is the stack the goroutine's by then? mov %rdi, %rsp switches to it, and
// mov off(%rsi), %rsp back.
static inline bool machine_go_read_callback(const uint8_t *code, size_t bytes) {
    bool switched = false;
    for (size_t at = 0; at < bytes; at++) {
        if (MACHINE_GO_IS(code + at, bytes - at, "\x48\x89\xfc"))
            switched = true;
        else if (MACHINE_GO_IS(code + at, bytes - at, "\x48\x8b\x66"))
            switched = false;
    }
    return switched;
}

// Where a function that C calls saved what its caller needs: the place of the instruction that did, and
// offsets from sp there.
struct machine_go_saved {
    size_t place;
    int16_t fp;
    bool has_pc; // the return address was saved too, and is not where machine_go_read_return says
    int16_t pc;
};

// Since Go 1.21 the function begins with push %rbp, and what it stores later is another frame pointer.
static inline bool machine_go_read_saved(const uint8_t *code, size_t bytes, struct machine_go_saved *saved) {
    *saved = (struct machine_go_saved){.fp = MACHINE_RETURN_OFFSET};
    if (MACHINE_GO_IS(code, bytes, "\x55"))
        return true;
    for (; saved->place < bytes; saved->place++)
        if (machine_go_is_access(code + saved->place, bytes - saved->place, MACHINE_GO_STORE, MACHINE_GO_RBP,
                                 &saved->fp))
            return true;
    return false;
}

// Where the kernel puts an interrupted function's registers, from sp on return to the signal's trampoline: a
// struct ucontext, and in it struct sigcontext.
enum { MACHINE_GO_SIGNAL_SP = 160, MACHINE_GO_SIGNAL_PC = 168, MACHINE_GO_SIGNAL_FP = 120 };
