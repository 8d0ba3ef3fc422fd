// See tail.h: the hooks on vfork, syscall, dlopen and dlmopen, which have no frame. A vfork child runs on its
// parent's memory with descriptors of its own: the word that says so is set before, by the thread that the
// child runs as (record_numbered.c).
#include "preload/tail.h"
#include "preload/real.h"

#if defined(__x86_64__)
#include "preload/machine_tail_x86_64.h"
#else
#error "hooks_tail.c: this machine's jumps are missing"
#endif

// Named by the instructions alone.
__attribute__((used, visibility("hidden"))) void *tail_real_syscall, *tail_real_vfork;

void tail_prepare(void) {
    tail_real_syscall = (void *)real.syscall;
    tail_real_vfork = (void *)real.vfork;
}
