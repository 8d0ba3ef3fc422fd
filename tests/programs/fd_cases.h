// Programs that open descriptors in many ways, close some of them, and leave some open. Each way is a case
// that counts what it opens, closes and leaves. Such a program prints a line for each case, with the call
// that opens and how many are left; then what it opened and closed in all. A case that this kernel or sandbox
// does not allow is left out with a line.
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int opened, closed, left;

// Counts what a call gave and passes it on; a case that the system doesn't allow ends here.
#define TRY(fd)                                                                                              \
    ({                                                                                                       \
        int got_ = (fd);                                                                                     \
        if (got_ < 0)                                                                                        \
            return -1;                                                                                       \
        opened++;                                                                                            \
        left++;                                                                                              \
        got_;                                                                                                \
    })

static void gone(int result) {
    if (result != 0)
        abort();
    closed++;
    left--;
}

#define CASE(name) static __attribute__((noinline)) int case_##name(void)

// One left open, one closed.
#define TWICE(name, call)                                                                                    \
    CASE(name) {                                                                                             \
        TRY(call);                                                                                           \
        gone(close(TRY(call)));                                                                              \
        return 0;                                                                                            \
    }

// One of the two left open, the other closed.
#define PAIR(name, call)                                                                                     \
    CASE(name) {                                                                                             \
        int fds[2];                                                                                          \
        if ((call) != 0)                                                                                     \
            return -1;                                                                                       \
        TRY(fds[0]);                                                                                         \
        gone(close(TRY(fds[1])));                                                                            \
        return 0;                                                                                            \
    }

struct fd_case {
    const char *name, *call;
    int (*run)(void);
};

#define C(name, call)                                                                                        \
    { #name, call, case_##name }

static void run_cases(const struct fd_case *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        left = 0;
        if (cases[i].run() != 0)
            fprintf(stderr, "SKIP %s: %s\n", cases[i].name, strerror(errno));
        fprintf(stderr, "CASE %s %s %d\n", cases[i].name, cases[i].call, left);
    }
    fprintf(stderr, "TOTAL %d %d\n", opened, closed);
}
