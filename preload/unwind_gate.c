// See unwind_gate.h. A futex whose word says which process holds it. Called by the slow paths of the walk
// only.

#include "preload/unwind_gate.h"

#include "preload/machine.h"
#include "preload/phase.h"
#include "preload/raw.h"
#include "preload/wire/atomic.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#define WAITERS 0x80000000u

enum { PATIENCE = 5, WAIT_SECONDS = 1 };

static uint32_t word;         // 0 free; else the holder's process id, and WAITERS if somebody may sleep
static uintptr_t owner;       // thread pointer of the holder; only a thread itself ever stores its own value
static bool inside;           // the holder is in libunwind, not merely forking
static bool given_up;         // libunwind's own locks may be held for ever
static uint64_t fork_signals; // the forking thread's mask, while it holds the gate

static uint64_t block_signals(void) {
    uint64_t all = ~0ull, before = 0;
    raw_syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, sizeof all);
    return before;
}

static void restore_signals(uint64_t mask) {
    raw_syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, sizeof mask);
}

// Waits until the word changes. After some seconds without a change a holder of another process is dead to
// us.
static void wait_for_change(uint32_t seen, uint32_t self, int *waits) {
    if (!(seen & WAITERS)) {
        uint32_t expected = seen;
        if (!atomic_cas_acq_rel(&word, &expected, seen | WAITERS))
            return;
        seen |= WAITERS;
    }
    struct timespec limit = {.tv_sec = WAIT_SECONDS};
    long result = raw_syscall4(SYS_futex, (long)&word, FUTEX_WAIT_PRIVATE, seen, (long)&limit);
    if (result != -ETIMEDOUT || (seen & ~WAITERS) == self) {
        *waits = 0;
        return;
    }
    if (++*waits < PATIENCE)
        return;
    uint32_t expected = seen;
    if (atomic_cas_acq_rel(&word, &expected, 0))
        atomic_store_release(&given_up, true); // libunwind's locks went with the holder
}

static void acquire(void) {
    uint32_t self = (uint32_t)raw_syscall0(SYS_getpid);
    uint32_t mine = self;
    int waits = 0;
    for (;;) {
        uint32_t seen = 0;
        if (atomic_cas_acq_rel(&word, &seen, mine))
            break;
        wait_for_change(seen, self, &waits);
        mine = self | WAITERS; // others may sleep as well, so wake one on the way out
    }
    atomic_store_relaxed(&owner, machine_thread_pointer()); // compared by this thread only
}

static void release(void) {
    atomic_store_relaxed(&owner, 0); // likewise
    if (atomic_exchange_acq_rel(&word, 0) & WAITERS)
        raw_syscall3(SYS_futex, (long)&word, FUTEX_WAKE_PRIVATE, 1);
}

static bool is_mine(void) {
    return atomic_load_relaxed(&owner) ==
           machine_thread_pointer(); // others' values only ever differ from ours
}

bool gate_is_inside(void) {
    return unlikely(is_mine()) && inside;
}

int gate_enter(struct gate_visit *visit) {
    bool nested = is_mine();
    if (nested && inside)
        return -EDEADLK;
    if (atomic_load_acquire(&given_up))
        return -EOWNERDEAD;
    visit->nested = nested;
    visit->error = errno;
    visit->signals = block_signals();
    if (!nested)
        acquire();
    inside = true;
    return 0;
}

void gate_leave(const struct gate_visit *visit) {
    inside = false;
    if (!visit->nested)
        release();
    restore_signals(visit->signals);
    errno = visit->error;
}

void gate_before_fork(void) {
    uint64_t signals = block_signals();
    acquire();
    fork_signals = signals;
}

void gate_after_fork(void) {
    uint64_t signals = fork_signals;
    release();
    restore_signals(signals);
}
