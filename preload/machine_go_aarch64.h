// What the walk reads off Go's functions on aarch64, in the words of machine_go_x86_64.h. Instructions are
// words of four bytes. A frame keeps its return address at its lowest word, where sp points, the frame
// pointer of its caller right below, and is as large as the table's values say; code that calls C may move sp
// further down.
//
//   a small frame's function begins with str x30, [sp, #-N]!; stur x29, [sp, #-8]
//   a larger one's with sub x20, sp, #N; stp x29, x30, [x20, #-8]; mov sp, x20
//
// The rest of the walk is not on aarch64 yet; this header and go_rules.c are, and are tested there as here.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// The table's values count all of a frame.
enum { MACHINE_GO_PUSHED_BYTES = 0, A64_BYTES = 4, A64_SP = 31, A64_X29 = 29, A64_X30 = 30 };

static inline uint32_t a64_word(const uint8_t *code) {
    uint32_t word;
    memcpy(&word, code, sizeof word);
    return word;
}

// Sign-extends the number in so many bits from the lowest.
static inline int32_t a64_signed(uint32_t bits, unsigned count) {
    uint32_t sign = 1u << (count - 1);
    return (int32_t)(((bits & ((sign << 1) - 1)) ^ sign) - sign);
}

// str/ldr Xt, [Xn, #offset], the offset a positive multiple of 8.
static inline bool a64_is_access(uint32_t word, bool load, unsigned reg, unsigned base, int16_t *offset) {
    if (word >> 22 != (load ? 0x3e5u : 0x3e4u) || (word & 31) != reg || (word >> 5 & 31) != base)
        return false;
    *offset = (int16_t)((word >> 10 & 0xfff) * 8);
    return true;
}

// stp x29, x30, [Xn, #offset]
static inline bool a64_is_pair_stored(uint32_t word, unsigned *base, int16_t *offset) {
    if ((word & 0xffc07c1f) != (0xa9000000 | A64_X30 << 10 | A64_X29))
        return false;
    *base = word >> 5 & 31;
    *offset = (int16_t)(a64_signed(word >> 15, 7) * 8);
    return true;
}

// mov sp, Xn
static inline bool a64_is_sp_set(uint32_t word, unsigned *from) {
    *from = word >> 5 & 31;
    return (word & ~(31u << 5)) == 0x9100001f && *from != A64_SP;
}

static inline uintptr_t machine_go_return_slot(uintptr_t sp, uintptr_t cfa) {
    (void)cfa;
    return sp;
}

// A frame that was opened with one instruction says itself how large it was then; of a larger one it is taken
// that sp has not moved since. Functions that save no return address don't call, but for those that are known
// by name.
static inline bool machine_go_read_return(const uint8_t *code, size_t bytes, int32_t frame_bytes,
                                          int32_t *offset) {
    unsigned base;
    int16_t below;
    if (frame_bytes == 0) // it is in a register yet
        return false;
    for (size_t at = 0; at + A64_BYTES <= bytes; at += A64_BYTES) {
        uint32_t word = a64_word(code + at);
        if ((word & 0xffe00fff) == (0xf8000c00 | A64_SP << 5 | A64_X30)) { // str x30, [sp, #offset]!
            *offset = a64_signed(word >> 12, 9);
            return *offset < 0;
        }
        if (a64_is_pair_stored(word, &base, &below) && base != A64_SP && below == -8) {
            *offset = -frame_bytes;
            return true;
        }
    }
    return false;
}

// bl, blr
static inline bool machine_go_ends_with_call(const uint8_t *code, size_t bytes) {
    if (bytes < A64_BYTES)
        return false;
    uint32_t word = a64_word(code + bytes - A64_BYTES);
    return word >> 26 == 0x25 || (word & 0xfffffc1f) == 0xd63f0000;
}

// mov sp, Xn, but where a large frame is opened.
static inline bool machine_go_moves_sp(const uint8_t *code, size_t bytes) {
    unsigned from, base = A64_SP;
    int16_t offset;
    for (size_t at = 0; at + A64_BYTES <= bytes; at += A64_BYTES) {
        uint32_t word = a64_word(code + at);
        if (a64_is_sp_set(word, &from) && from != base)
            return true;
        if (!a64_is_pair_stored(word, &base, &offset))
            base = A64_SP;
    }
    return false;
}

// The runtime keeps the original sp in a register then, which C may have saved anywhere.
static inline bool machine_go_keeps_sp(const uint8_t *code, size_t bytes) {
    (void)code, (void)bytes;
    return false;
}

// A Go library's constructor. sp is always a multiple of 16.
#define MACHINE_GO_LIBRARY_ENTRIES "_rt0_arm64_lib", "_rt0_arm64_linux_lib"
static inline int32_t machine_go_entry_lost(int32_t frame_bytes) {
    (void)frame_bytes;
    return 0;
}

struct machine_go_call {
    bool switched;
    size_t taken;
    int16_t g;
    int16_t depth;
    int16_t stack;
    int16_t opened;
};

// mov x2, sp takes sp.
//   switched:  ldr x0, [x28, #sched.sp]; mov sp, x0; ...; mov x13, sp; sub x13, x13, #N; mov sp, x13; str x4,
//   [sp, #g];
//              ldr x4, [x4, #8]; sub x4, x4, x2; str x4, [sp, #depth]
//   otherwise: the same up to mov sp, x13; mov x4, #0; str x4, [sp, #g]; str x2, [sp, #stack]
static inline bool machine_go_read_call(const uint8_t *code, size_t bytes, struct machine_go_call *call) {
    enum { NOTHING, TAKEN, OPENING, OPENED, GOROUTINE, TOP, BELOW, DEPTH, STACK } seen = NOTHING;
    *call = (struct machine_go_call){0};
    int16_t offset;
    for (size_t at = 0; at + A64_BYTES <= bytes; at += A64_BYTES) {
        uint32_t word = a64_word(code + at);
        if (word == 0x910003e2) { // mov x2, sp
            call->taken = at;
            seen = TAKEN;
        } else if ((word & 0xffc003ff) == 0xd10001ad && seen != NOTHING) { // sub x13, x13, #N
            call->opened = (int16_t)(word >> 10 & 0xfff);
            seen = OPENING;
        } else if (word == 0x910001bf && seen == OPENING) { // mov sp, x13
            seen = OPENED;
        } else if (a64_is_access(word, false, 4, A64_SP, &offset)) {
            if (seen == OPENED)
                call->g = offset;
            else if (seen == BELOW)
                call->depth = offset;
            seen = seen == OPENED ? GOROUTINE : seen == BELOW ? DEPTH : seen;
        } else if (seen == GOROUTINE && a64_is_access(word, true, 4, 4, &offset) && offset == 8) {
            seen = TOP;
        } else if (seen == TOP && word == 0xcb020084) { // sub x4, x4, x2
            seen = BELOW;
        } else if (seen == GOROUTINE && a64_is_access(word, false, 2, A64_SP, &offset)) {
            call->stack = offset;
            seen = STACK;
        }
    }
    call->switched = seen == DEPTH;
    return seen == DEPTH || seen == STACK;
}

// sub Xn, x4, #frame; mov sp, Xn switches to the goroutine's stack; any other mov sp, Xn, back.
static inline bool machine_go_read_callback(const uint8_t *code, size_t bytes) {
    bool switched = false;
    unsigned from;
    for (size_t at = A64_BYTES; at + A64_BYTES <= bytes; at += A64_BYTES) {
        uint32_t before = a64_word(code + at - A64_BYTES);
        if (a64_is_sp_set(a64_word(code + at), &from))
            switched = (before & 0xffc003ff) == (0xd1000000 | 4 << 5 | from);
    }
    return switched;
}

struct machine_go_saved {
    size_t place;
    int16_t fp;
    bool has_pc;
    int16_t pc;
};

// crosscall2 opens its frame itself and stores the two registers wherever it likes: stp x29, x30, [sp,
// #offset]. The others are like any function: stur x29, [sp, #-8].
static inline bool machine_go_read_saved(const uint8_t *code, size_t bytes, struct machine_go_saved *saved) {
    unsigned base;
    for (size_t at = 0; at + A64_BYTES <= bytes; at += A64_BYTES) {
        uint32_t word = a64_word(code + at);
        *saved = (struct machine_go_saved){.place = at, .fp = -8};
        if (word == 0xf81f83fd)
            return true;
        if (!a64_is_pair_stored(word, &base, &saved->fp) || base != A64_SP)
            continue;
        saved->has_pc = true;
        saved->pc = (int16_t)(saved->fp + 8);
        return true;
    }
    return false;
}

// A struct rt_sigframe: siginfo, and in the ucontext behind it the registers, sp and pc.
enum { MACHINE_GO_SIGNAL_SP = 560, MACHINE_GO_SIGNAL_PC = 568, MACHINE_GO_SIGNAL_FP = 544 };
