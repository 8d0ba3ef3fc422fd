// What the walk reads off Go's hand-written functions on x86-64. They are found by name; their frames differ
// from release to release, so offsets are read off the instructions, and an instruction that is not there
// means a layout that nobody here knows.
//
// The same on aarch64, for who adds it (Go 1.19 to 1.26): instructions are 4 bytes; a frame's pc values count
// what lies above its saved link register, which is at [sp] with the caller's frame pointer at [sp - 8], so
// CFA = sp + value + 8 rounded as the assembler did and ra_base is SP with offset 0; leaf functions keep
// their caller in x30 and are never in the middle of a walk. asmcgocall stores g at [sp] and the depth at [sp
// + 8] after "sub sp, sp, #16" (str x4, [sp]; str x0, [sp, #8]), and its nosave path the original sp at [sp +
// 8] with 0 at [sp]. cgocallback switches by "mov sp, x4" (its frame on C's stack holds the previous
// g0.sched.sp at [sp + 8 + its arguments]); crosscall2 saves x29 with x30 in its frame.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

// and $-16, %rsp: from here on pc values don't tell where the caller's frame is.
#define MACHINE_GO_ALIGNS(code, bytes) MACHINE_GO_IS(code, bytes, "\x48\x83\xe4\xf0")

// A Go library's constructor, which aligns its stack before it calls on. It is called by C, whose stack
// pointer at a function's entry is known modulo 16, so what aligning took away is known as well.
#define MACHINE_GO_LIBRARY_ENTRY "_rt0_amd64_lib"
enum { MACHINE_GO_ALIGNMENT = 16, MACHINE_GO_ENTRY_MISALIGNED = 8 };

// How the runtime calls C from its own stack: mov %rsp, %rbx; and $-16, %rsp; mov %rbx, (%rsp). The original
// is kept at sp.
#define MACHINE_GO_KEEPS_SP(code, bytes)                                                                     \
    MACHINE_GO_IS(code, bytes, "\x48\x89\xe3\x48\x83\xe4\xf0\x48\x89\x1c\x24")

// What asmcgocall's instructions up to a call say of its frame there.
struct machine_go_call {
    bool switched;  // the caller is on a goroutine's stack; else further up on the same one
    int16_t g;      // switched: offsets from sp of the goroutine and of the depth below the top of its stack
    int16_t depth;  // switched
    int16_t stack;  // not switched: of the caller's stack pointer
    int16_t opened; // switched: bytes between sp and what sp was before, but for alignment
};

// Reads code[0, bytes), from asmcgocall's first instruction to a call in it. False: not understood.
//   switched:  mov off(%rsi), %rsp; sub $N, %rsp; and $-16, %rsp; mov %rdi, g(%rsp); mov 8(%rdi), %rdi; sub
//   %rdx, %rdi;
//              mov %rdi, depth(%rsp)
//   otherwise: mov %rdx, stack(%rsp), the original one
static inline bool machine_go_read_call(const uint8_t *code, size_t bytes, struct machine_go_call *call) {
    enum { NOTHING, OPENED, GOROUTINE, TOP, DEPTH, STACK } seen = NOTHING;
    *call = (struct machine_go_call){0};
    for (size_t at = 0; at < bytes; at++) {
        const uint8_t *here = code + at;
        size_t left = bytes - at;
        int16_t offset;
        if (left > 4 && MACHINE_GO_IS(here, left, "\x48\x83\xec") && here[3] < 0x80) {
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

// Where crosscall2 saved C's frame pointer: the place of the instruction that did, and its offset from sp
// there.
static inline bool machine_go_read_saved_fp(const uint8_t *code, size_t bytes, size_t *place,
                                            int16_t *offset) {
    for (*place = 0; *place < bytes; ++*place)
        if (machine_go_is_access(code + *place, bytes - *place, MACHINE_GO_STORE, MACHINE_GO_RBP, offset))
            return true;
    return false;
}

// Where the kernel puts an interrupted function's registers, from sp on return to the signal's trampoline: a
// struct ucontext, and in it struct sigcontext.
enum { MACHINE_GO_SIGNAL_SP = 160, MACHINE_GO_SIGNAL_PC = 168, MACHINE_GO_SIGNAL_FP = 120 };
