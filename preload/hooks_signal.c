// sigaltstack: what it names is often a block that nothing but the kernel knows any more, which tells nobody.
// So each thread's storage keeps it as the kernel does, and there the verdict finds it as it finds any other
// pointer of a thread. Nothing is recorded.
#include "preload/hooks.h"
#include "preload/hooks_early.h"
#include "preload/real.h"

// stack_t and SS_DISABLE, whose headers declare other hooks with other types.
struct kernel_stack {
    void *begin;
    int flags;
    size_t bytes;
};
enum { DISABLE = 2 };

static __thread void *volatile alternate_stack;

HOOKED int sigaltstack(const void *stack, void *old) {
    EARLY((int)early_answer(raw_syscall2(SYS_sigaltstack, (long)stack, (long)old)));
    struct kernel_stack now;
    int result = real.sigaltstack(stack, old);
    // Asked for, since *stack may have become *old, and may not be read when the call has failed.
    if (result == 0 && stack && !raw_failed(raw_syscall2(SYS_sigaltstack, 0, (long)&now)))
        alternate_stack = now.flags & DISABLE ? NULL : now.begin;
    return result;
}
