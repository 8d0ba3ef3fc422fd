// Hooks that give what is open a second number. dup2 and dup3 close what was open at that number, in one go.
#include "preload/hooks_fd.h"

#include <fcntl.h>
#include <stdarg.h>

static inline int replaced(uint8_t call, int fd, int result, const struct frame_state *caller) {
    if (likely(result >= 0) && result != fd)
        record_opened(call, result, RECORD_REPLACES, caller);
    return result;
}

HOOKED int dup(int fd) {
    EARLY((int)early_answer(raw_syscall1(SYS_dup, fd)));
    return opened(CALL_dup, real.dup(fd), CALLER());
}

HOOKED int dup2(int fd, int to) {
    EARLY((int)early_answer(raw_syscall2(SYS_dup2, fd, to)));
    return replaced(CALL_dup2, fd, real.dup2(fd, to), CALLER());
}

HOOKED int __dup2(int fd, int to) {
    EARLY((int)early_answer(raw_syscall2(SYS_dup2, fd, to)));
    return replaced(CALL_dup2, fd, real.__dup2(fd, to), CALLER());
}

HOOKED int dup3(int fd, int to, int flags) {
    EARLY((int)early_answer(raw_syscall3(SYS_dup3, fd, to, flags)));
    return replaced(CALL_dup3, fd, real.dup3(fd, to, flags), CALLER());
}

// libc reads the argument as a pointer, whatever it is.
#define ARGUMENT(after, argument)                                                                            \
    va_list list;                                                                                            \
    va_start(list, after);                                                                                   \
    void *argument = va_arg(list, void *);                                                                   \
    va_end(list);

static inline int controlled(int command, int result, const struct frame_state *caller) {
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
        return opened(CALL_fcntl, result, caller);
    return result;
}

HOOKED int fcntl(int fd, int command, ...) {
    ARGUMENT(command, argument)
    EARLY((int)early_answer(raw_syscall3(SYS_fcntl, fd, command, (long)argument)));
    return controlled(command, real.fcntl(fd, command, argument), CALLER());
}

HOOKED int fcntl64(int fd, int command, ...) {
    ARGUMENT(command, argument)
    EARLY((int)early_answer(raw_syscall3(SYS_fcntl, fd, command, (long)argument)));
    return controlled(command, real.fcntl64(fd, command, argument), CALLER());
}

HOOKED int __fcntl(int fd, int command, ...) {
    ARGUMENT(command, argument)
    EARLY((int)early_answer(raw_syscall3(SYS_fcntl, fd, command, (long)argument)));
    return controlled(command, real.__fcntl(fd, command, argument), CALLER());
}
