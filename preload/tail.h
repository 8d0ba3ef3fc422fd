// Some hooks must not have a frame of their own. vfork, and syscall, by which clone is called, may return
// twice or on another stack; dlopen and dlmopen look at who called them. They are a few instructions that
// jump on (hooks_tail.c); what has to be recorded of a system call is done by tail_syscall.
#pragma once

#include <stdint.h>

enum { TAIL_NUMBERS = 512 }; // system calls from here on are never looked at

struct tail_call {
    long number, a, b, c, d, e, f;
};

// By number: 1 if tail_syscall is to see it.
extern const uint8_t tail_looked_at[TAIL_NUMBERS] __attribute__((visibility("hidden")));

// As syscall(), for the numbers that are looked at. Jumped to by the hook, with the program's own arguments.
long tail_syscall(long number, long a, long b, long c, long d, long e, long f)
    __attribute__((visibility("hidden")));

// Look at what is asked for, and say where to jump to: NULL if that is not known yet.
void *tail_dlopen(const char *path, int flags) __attribute__((visibility("hidden")));
void *tail_dlmopen(long space, const char *path, int flags) __attribute__((visibility("hidden")));

// Tells the hooks where to jump to. Called by the constructor after real_resolve.
void tail_prepare(void);
