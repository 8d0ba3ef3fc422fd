// System calls without libc: no errno, no cancellation point, nothing that a hook could see. Results are 0 or
// positive, or -errno. Used for what must not be noticed by the program: the shim's own memory, signal masks
// and futexes.
#pragma once

#if defined(__x86_64__)

static inline long raw_syscall6(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__)

static inline long raw_syscall6(long number, long a, long b, long c, long d, long e, long f) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}

#else
#error "raw.h: this machine's system call instruction is missing"
#endif

static inline long raw_syscall0(long number) {
    return raw_syscall6(number, 0, 0, 0, 0, 0, 0);
}

static inline long raw_syscall1(long number, long a) {
    return raw_syscall6(number, a, 0, 0, 0, 0, 0);
}

static inline long raw_syscall2(long number, long a, long b) {
    return raw_syscall6(number, a, b, 0, 0, 0, 0);
}

static inline long raw_syscall3(long number, long a, long b, long c) {
    return raw_syscall6(number, a, b, c, 0, 0, 0);
}

static inline long raw_syscall4(long number, long a, long b, long c, long d) {
    return raw_syscall6(number, a, b, c, d, 0, 0);
}

static inline long raw_syscall5(long number, long a, long b, long c, long d, long e) {
    return raw_syscall6(number, a, b, c, d, e, 0);
}

// Did a call that returns an address or a size fail?
static inline int raw_failed(long result) {
    return (unsigned long)result > -4096ul;
}

// Tells the processor that this is a spin loop.
static inline void raw_pause(void) {
#if defined(__x86_64__)
    __asm__ volatile("pause");
#else
    __asm__ volatile("yield");
#endif
}
