// What the walk needs to know of x86-64: registers, the stack switch, and libunwind's names for them.
#pragma once

#include <libunwind-x86_64.h>
#include <stdbool.h>
#include <stdint.h>

// libunwind's generic library for this machine, the one with the remote interface.
#define MACHINE_LIBUNWIND "libunwind-x86_64.so.8"
#define MACHINE_FP        UNW_X86_64_RBP

// A call pushes the return address: it lies right below the CFA, and at [sp] before a function's first
// instruction.
// What lies up to MACHINE_RED_ZONE bytes below sp is not touched by signals.
enum { MACHINE_RETURN_OFFSET = -8, MACHINE_RED_ZONE = 128 };

// Registers as they are at one point of the running function; the others are not preserved across calls.
struct machine_registers {
    uintptr_t rip, rsp, rbp, rbx, r12, r13, r14, r15;
};

__attribute__((always_inline)) static inline void machine_capture(struct machine_registers *registers) {
    __asm__ volatile("leaq 0(%%rip), %%rax\n\t"
                     "movq %%rax, 0(%0)\n\t"
                     "movq %%rsp, 8(%0)\n\t"
                     "movq %%rbp, 16(%0)\n\t"
                     "movq %%rbx, 24(%0)\n\t"
                     "movq %%r12, 32(%0)\n\t"
                     "movq %%r13, 40(%0)\n\t"
                     "movq %%r14, 48(%0)\n\t"
                     "movq %%r15, 56(%0)"
                     :
                     : "r"(registers)
                     : "rax", "memory");
}

// 0, or -1 if the register's value is not known.
static inline int machine_register(const struct machine_registers *registers, int number, uintptr_t *value) {
    switch (number) {
    case UNW_X86_64_RIP:
        *value = registers->rip;
        return 0;
    case UNW_X86_64_RSP:
        *value = registers->rsp;
        return 0;
    case UNW_X86_64_RBP:
        *value = registers->rbp;
        return 0;
    case UNW_X86_64_RBX:
        *value = registers->rbx;
        return 0;
    case UNW_X86_64_R12:
        *value = registers->r12;
        return 0;
    case UNW_X86_64_R13:
        *value = registers->r13;
        return 0;
    case UNW_X86_64_R14:
        *value = registers->r14;
        return 0;
    case UNW_X86_64_R15:
        *value = registers->r15;
        return 0;
    default:
        return -1;
    }
}

// Could the bytes that end at `end` be a call? E8 and a distance, or FF /2 and a place of up to 5 bytes (its
// prefixes don't matter).
enum { MACHINE_CALL_BYTES = 7 };
static inline bool machine_is_call(const uint8_t *end) {
    bool found = end[-5] == 0xe8;
    for (int bytes = 2; bytes <= MACHINE_CALL_BYTES; bytes++)
        found |= end[-bytes] == 0xff && (end[1 - bytes] >> 3 & 7) == 2;
    return found;
}

// The word that is unique to the thread and, but for the main thread, the top of its stack: glibc puts its
// control block there.
static inline uintptr_t machine_thread_pointer(void) {
    uintptr_t pointer;
    __asm__("movq %%fs:0, %0" : "=r"(pointer));
    return pointer;
}

// Calls function(argument) on the stack that ends at top (16-byte aligned).
static inline void machine_call_on_stack(void (*function)(void *), void *argument, void *top) {
    __asm__ volatile("movq %%rsp, %%rbx\n\t"
                     "movq %[top], %%rsp\n\t"
                     "call *%[function]\n\t"
                     "movq %%rbx, %%rsp"
                     : "+D"(argument), [function] "+a"(function), [top] "+d"(top)
                     :
                     : "rbx", "rcx", "rsi", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
                       "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                       "xmm15", "memory", "cc");
}
