// Hooks that close descriptors by their numbers. close is called everywhere: in signal handlers, in children
// of vfork, by IFUNC resolvers.
#include "preload/hooks_fd.h"

#include <linux/close_range.h>

HOOKED int close(int fd) {
    EARLY((int)early_answer(raw_syscall1(SYS_close, fd)));
    uint64_t number = closing(CALL_close, fd, CALLER());
    return closed(CALL_close, fd, number, real.close(fd));
}

HOOKED int __close(int fd) {
    EARLY((int)early_answer(raw_syscall1(SYS_close, fd)));
    uint64_t number = closing(CALL_close, fd, CALLER());
    return closed(CALL_close, fd, number, real.__close(fd));
}

HOOKED int mq_close(int queue) {
    EARLY((int)early_answer(raw_syscall1(SYS_close, queue)));
    uint64_t number = closing(CALL_mq_close, queue, CALLER());
    return closed(CALL_mq_close, queue, number, real.mq_close(queue));
}

HOOKED int close_range(unsigned first, unsigned last, int flags) {
    EARLY((int)early_answer(raw_syscall3(SYS_close_range, first, last, flags)));
    uint64_t number =
        (unsigned)flags & CLOSE_RANGE_CLOEXEC ? 0 : closing_range(CALL_close_range, first, last, CALLER());
    int result = real.close_range(first, last, flags);
    if (result < 0)
        record_taken_back(CALL_close_range, number, first, 0);
    return result;
}

HOOKED void closefrom(int first) {
    if (unlikely(phase == PHASE_EARLY)) {
        raw_syscall3(SYS_close_range, first < 0 ? 0 : first, INT32_MAX, 0);
        return;
    }
    closing_range(CALL_closefrom, first < 0 ? 0 : (unsigned)first, INT32_MAX, CALLER());
    real.closefrom(first);
}
