// Hooks on the ways a process ends or turns into another program: exit's relatives that run no exit handlers,
// and exec. A vfork child calls these on its parent's memory; last.c tells it apart.
#include "preload/hooks.h"
#include "preload/hooks_early.h"
#include "preload/last.h"
#include "preload/real.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

HOOKED __attribute__((noreturn)) void _exit(int status) {
    if (unlikely(phase == PHASE_EARLY))
        last_exit_early(status);
    struct machine_registers caller;
    machine_capture(&caller);
    last_exit(status, &caller);
    real._exit(status);
    __builtin_unreachable();
}

HOOKED __attribute__((noreturn)) void _Exit(int status) {
    if (unlikely(phase == PHASE_EARLY))
        last_exit_early(status);
    struct machine_registers caller;
    machine_capture(&caller);
    last_exit(status, &caller);
    real._Exit(status);
    __builtin_unreachable();
}

// The handlers of these two run inside the real call and may still allocate: recording goes on.
HOOKED __attribute__((noreturn)) void exit(int status) {
    if (unlikely(phase == PHASE_EARLY))
        EARLY_REAL(exit, (status), last_exit_early(status));
    struct machine_registers caller;
    machine_capture(&caller);
    last_begins(&caller);
    real.exit(status);
    __builtin_unreachable();
}

HOOKED __attribute__((noreturn)) void quick_exit(int status) {
    if (unlikely(phase == PHASE_EARLY))
        EARLY_REAL(quick_exit, (status), last_exit_early(status));
    struct machine_registers caller;
    machine_capture(&caller);
    last_begins(&caller);
    last_exit_soon(status);
    real.quick_exit(status);
    __builtin_unreachable();
}

HOOKED __attribute__((noreturn)) void abort(void) {
    if (unlikely(phase == PHASE_EARLY))
        EARLY_REAL(abort, (), last_abort_early());
    struct machine_registers caller;
    machine_capture(&caller);
    last_abort(&caller);
    real.abort();
    __builtin_unreachable();
}

static int failed(int result) {
    int keep = errno;
    last_exec_failed();
    errno = keep;
    return result;
}

HOOKED int execve(const char *path, char *const argv[], char *const envp[]) {
    EARLY((int)early_answer(raw_syscall3(SYS_execve, (long)path, (long)argv, (long)envp)));
    last_exec();
    return failed(real.execve(path, argv, envp));
}

HOOKED int execv(const char *path, char *const argv[]) {
    EARLY(EARLY_REAL(execv, (path, argv), early_fails()));
    last_exec();
    return failed(real.execv(path, argv));
}

HOOKED int execvp(const char *file, char *const argv[]) {
    EARLY(EARLY_REAL(execvp, (file, argv), early_fails()));
    last_exec();
    return failed(real.execvp(file, argv));
}

HOOKED int execvpe(const char *file, char *const argv[], char *const envp[]) {
    EARLY(EARLY_REAL(execvpe, (file, argv, envp), early_fails()));
    last_exec();
    return failed(real.execvpe(file, argv, envp));
}

HOOKED int fexecve(int fd, char *const argv[], char *const envp[]) {
    EARLY((int)early_answer(raw_syscall5(SYS_execveat, fd, (long)"", (long)argv, (long)envp, AT_EMPTY_PATH)));
    last_exec();
    return failed(real.fexecve(fd, argv, envp));
}

HOOKED int execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags) {
    EARLY((int)early_answer(raw_syscall5(SYS_execveat, dirfd, (long)path, (long)argv, (long)envp, flags)));
    last_exec();
    return failed(real.execveat(dirfd, path, argv, envp, flags));
}

// The list forms become the vector forms. arguments counts the terminating NULL.
#define COLLECT(first, argv, list)                                                                           \
    va_list list;                                                                                            \
    va_start(list, first);                                                                                   \
    size_t arguments = 1;                                                                                    \
    if (first)                                                                                               \
        for (arguments = 2; va_arg(list, char *); arguments++)                                               \
            ;                                                                                                \
    va_end(list);                                                                                            \
    char *argv[arguments];                                                                                   \
    argv[0] = (char *)first;                                                                                 \
    va_start(list, first);                                                                                   \
    for (size_t i = 1; i < arguments; i++)                                                                   \
        argv[i] = va_arg(list, char *);

HOOKED int execl(const char *path, const char *arg, ...) {
    COLLECT(arg, argv, list)
    va_end(list);
    EARLY(EARLY_REAL(execv, (path, argv), early_fails()));
    last_exec();
    return failed(real.execv(path, argv));
}

HOOKED int execlp(const char *file, const char *arg, ...) {
    COLLECT(arg, argv, list)
    va_end(list);
    EARLY(EARLY_REAL(execvp, (file, argv), early_fails()));
    last_exec();
    return failed(real.execvp(file, argv));
}

HOOKED int execle(const char *path, const char *arg, ...) {
    COLLECT(arg, argv, list)
    char *const *envp = arg ? va_arg(list, char *const *) : NULL;
    va_end(list);
    EARLY((int)early_answer(raw_syscall3(SYS_execve, (long)path, (long)argv, (long)envp)));
    last_exec();
    return failed(real.execve(path, argv, envp));
}
