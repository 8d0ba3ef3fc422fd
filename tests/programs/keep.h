// Small helpers of the test programs: nothing here allocates.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __cplusplus
#define KEEP_INLINE inline
#else
#define KEEP_INLINE static inline
#endif

// The optimizer must assume that the pointer escapes: it neither drops the call that made it nor makes it a
// tail call.
KEEP_INLINE void *keep(void *pointer) {
    __asm__ volatile("" : "+r"(pointer) : : "memory");
    return pointer;
}

// A number that the optimizer does not know: loops up to it are not unrolled into several call sites.
KEEP_INLINE int opaque(int number) {
    __asm__ volatile("" : "+r"(number));
    return number;
}

// A function that keeps its own frame, and whose call is never the last thing that its caller does.
#define OWN_FRAME  __attribute__((noinline, noclone))
#define AFTER_CALL __asm__ volatile("" : : : "memory")
#ifdef __clang__
#undef OWN_FRAME
#define OWN_FRAME __attribute__((noinline))
#endif

// The program found something that must not be: says where and ends with status 99.
#define MUST(condition)                                                                                      \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            dprintf(2, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                               \
            _exit(99);                                                                                       \
        }                                                                                                    \
    } while (0)

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
