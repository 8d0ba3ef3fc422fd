// What the hooks do before the constructor has run: IFUNC resolvers call them then. Nothing is recorded. What
// is one system call is made here. The rest is libc's: it can be looked up once the loader has relocated this
// library, which it has before the program's own resolvers run, but not before those of the libraries. Until
// then such a call fails with nothing done, and errno, whose place is not known either, stays as it is.
#pragma once

#include "preload/phase.h"
#include "preload/raw.h"
#include "preload/real.h"

#include <errno.h>
#include <sys/syscall.h>

// First in a hook: answers so if it is early.
#define EARLY(answer)                                                                                        \
    do {                                                                                                     \
        if (unlikely(phase == PHASE_EARLY))                                                                  \
            return answer;                                                                                   \
    } while (0)

// The answer of libc's function of that name, or nothing, where it can't be looked up yet.
#define EARLY_REAL(name, arguments, nothing) (real_resolve_early(), real.name ? real.name arguments : nothing)

// The answer of a system call, as libc gives it: -1 for an error.
static inline long early_answer(long result) {
    if (!raw_failed(result))
        return result;
    real_errno_early((int)-result);
    return -1;
}

// What a call that can't be made answers.
static inline int early_fails(void) {
    return (int)early_answer(-ENOSYS);
}

static inline void *early_none(void) {
    early_fails();
    return NULL;
}
