// Hooks that open something by its name.
#include "preload/hooks_fd.h"

#include <fcntl.h>
#include <stdarg.h>

// The mode is an argument only if a file may be made: else there is none to be read.
static inline int has_mode(int flags) {
    return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
}

#define MODE(flags, mode)                                                                                    \
    unsigned mode = 0;                                                                                       \
    if (has_mode(flags)) {                                                                                   \
        va_list list;                                                                                        \
        va_start(list, flags);                                                                               \
        mode = va_arg(list, unsigned);                                                                       \
        va_end(list);                                                                                        \
    }

static int open_early(int directory, const char *path, int flags, unsigned mode) {
    return (int)early_answer(raw_syscall4(SYS_openat, directory, (long)path, flags, mode));
}

HOOKED int open(const char *path, int flags, ...) {
    MODE(flags, mode)
    EARLY(open_early(AT_FDCWD, path, flags, mode));
    return opened(CALL_open, real.open(path, flags, mode), CALLER());
}

HOOKED int open64(const char *path, int flags, ...) {
    MODE(flags, mode)
    EARLY(open_early(AT_FDCWD, path, flags, mode));
    return opened(CALL_open, real.open64(path, flags, mode), CALLER());
}

HOOKED int __open(const char *path, int flags, ...) {
    MODE(flags, mode)
    EARLY(open_early(AT_FDCWD, path, flags, mode));
    return opened(CALL_open, real.__open(path, flags, mode), CALLER());
}

HOOKED int __open64(const char *path, int flags, ...) {
    MODE(flags, mode)
    EARLY(open_early(AT_FDCWD, path, flags, mode));
    return opened(CALL_open, real.__open64(path, flags, mode), CALLER());
}

HOOKED int __open_2(const char *path, int flags) {
    EARLY(open_early(AT_FDCWD, path, flags, 0));
    return opened(CALL_open, real.__open_2(path, flags), CALLER());
}

HOOKED int __open64_2(const char *path, int flags) {
    EARLY(open_early(AT_FDCWD, path, flags, 0));
    return opened(CALL_open, real.__open64_2(path, flags), CALLER());
}

HOOKED int openat(int directory, const char *path, int flags, ...) {
    MODE(flags, mode)
    EARLY(open_early(directory, path, flags, mode));
    return opened(CALL_openat, real.openat(directory, path, flags, mode), CALLER());
}

HOOKED int openat64(int directory, const char *path, int flags, ...) {
    MODE(flags, mode)
    EARLY(open_early(directory, path, flags, mode));
    return opened(CALL_openat, real.openat64(directory, path, flags, mode), CALLER());
}

HOOKED int __openat_2(int directory, const char *path, int flags) {
    EARLY(open_early(directory, path, flags, 0));
    return opened(CALL_openat, real.__openat_2(directory, path, flags), CALLER());
}

HOOKED int __openat64_2(int directory, const char *path, int flags) {
    EARLY(open_early(directory, path, flags, 0));
    return opened(CALL_openat, real.__openat64_2(directory, path, flags), CALLER());
}

HOOKED int creat(const char *path, unsigned mode) {
    EARLY(open_early(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode));
    return opened(CALL_creat, real.creat(path, mode), CALLER());
}

HOOKED int creat64(const char *path, unsigned mode) {
    EARLY(open_early(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode));
    return opened(CALL_creat, real.creat64(path, mode), CALLER());
}

HOOKED int open_by_handle_at(int mount, struct file_handle *handle, int flags) {
    EARLY((int)early_answer(raw_syscall3(SYS_open_by_handle_at, mount, (long)handle, flags)));
    return opened(CALL_open_by_handle_at, real.open_by_handle_at(mount, handle, flags), CALLER());
}

HOOKED int shm_open(const char *name, int flags, unsigned mode) {
    EARLY(EARLY_REAL(shm_open, (name, flags, mode), early_fails()));
    return opened(CALL_shm_open, real.shm_open(name, flags, mode), CALLER());
}

HOOKED int mq_open(const char *name, int flags, ...) {
    unsigned mode = 0;
    void *attributes = NULL;
    if (flags & O_CREAT) {
        va_list list;
        va_start(list, flags);
        mode = va_arg(list, unsigned);
        attributes = va_arg(list, void *);
        va_end(list);
    }
    EARLY(EARLY_REAL(mq_open, (name, flags, mode, attributes), early_fails()));
    return opened(CALL_mq_open, real.mq_open(name, flags, mode, attributes), CALLER());
}

HOOKED int __mq_open_2(const char *name, int flags) {
    EARLY(EARLY_REAL(__mq_open_2, (name, flags), early_fails()));
    return opened(CALL_mq_open, real.__mq_open_2(name, flags), CALLER());
}

HOOKED int mkstemp(char *name) {
    EARLY(EARLY_REAL(mkstemp, (name), early_fails()));
    return opened(CALL_mkstemp, real.mkstemp(name), CALLER());
}

HOOKED int mkstemp64(char *name) {
    EARLY(EARLY_REAL(mkstemp64, (name), early_fails()));
    return opened(CALL_mkstemp, real.mkstemp64(name), CALLER());
}

HOOKED int mkstemps(char *name, int suffix) {
    EARLY(EARLY_REAL(mkstemps, (name, suffix), early_fails()));
    return opened(CALL_mkstemps, real.mkstemps(name, suffix), CALLER());
}

HOOKED int mkstemps64(char *name, int suffix) {
    EARLY(EARLY_REAL(mkstemps64, (name, suffix), early_fails()));
    return opened(CALL_mkstemps, real.mkstemps64(name, suffix), CALLER());
}

HOOKED int mkostemp(char *name, int flags) {
    EARLY(EARLY_REAL(mkostemp, (name, flags), early_fails()));
    return opened(CALL_mkostemp, real.mkostemp(name, flags), CALLER());
}

HOOKED int mkostemp64(char *name, int flags) {
    EARLY(EARLY_REAL(mkostemp64, (name, flags), early_fails()));
    return opened(CALL_mkostemp, real.mkostemp64(name, flags), CALLER());
}

HOOKED int mkostemps(char *name, int suffix, int flags) {
    EARLY(EARLY_REAL(mkostemps, (name, suffix, flags), early_fails()));
    return opened(CALL_mkostemps, real.mkostemps(name, suffix, flags), CALLER());
}

HOOKED int mkostemps64(char *name, int suffix, int flags) {
    EARLY(EARLY_REAL(mkostemps64, (name, suffix, flags), early_fails()));
    return opened(CALL_mkostemps, real.mkostemps64(name, suffix, flags), CALLER());
}
