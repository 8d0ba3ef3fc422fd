// Hooks on streams and directories: what counts is the descriptor that they hold. fdopen and fdopendir take
// over one that was opened before, and are no hooks; fclose and closedir close it.
#include "preload/hooks_fd.h"

#include <dirent.h>

static int descriptor_of(FILE *stream) {
    int keep = errno, fd = fileno(stream); // -1: a stream without one
    errno = keep;
    return fd;
}

static inline FILE *opened_stream(uint8_t call, FILE *stream, const struct frame_state *caller) {
    int fd = stream ? descriptor_of(stream) : -1;
    if (fd >= 0)
        record_opened(call, fd, 0, caller);
    return stream;
}

HOOKED FILE *fopen(const char *path, const char *mode) {
    EARLY(EARLY_REAL(fopen, (path, mode), early_none()));
    return opened_stream(CALL_fopen, real.fopen(path, mode), CALLER());
}

HOOKED FILE *fopen64(const char *path, const char *mode) {
    EARLY(EARLY_REAL(fopen64, (path, mode), early_none()));
    return opened_stream(CALL_fopen, real.fopen64(path, mode), CALLER());
}

HOOKED FILE *_IO_fopen(const char *path, const char *mode) {
    EARLY(EARLY_REAL(_IO_fopen, (path, mode), early_none()));
    return opened_stream(CALL_fopen, real._IO_fopen(path, mode), CALLER());
}

HOOKED FILE *popen(const char *command, const char *mode) {
    EARLY(EARLY_REAL(popen, (command, mode), early_none()));
    return opened_stream(CALL_popen, real.popen(command, mode), CALLER());
}

HOOKED FILE *_IO_popen(const char *command, const char *mode) {
    EARLY(EARLY_REAL(_IO_popen, (command, mode), early_none()));
    return opened_stream(CALL_popen, real._IO_popen(command, mode), CALLER());
}

HOOKED FILE *setmntent(const char *path, const char *mode) {
    EARLY(EARLY_REAL(setmntent, (path, mode), early_none()));
    return opened_stream(CALL_setmntent, real.setmntent(path, mode), CALLER());
}

HOOKED FILE *__setmntent(const char *path, const char *mode) {
    EARLY(EARLY_REAL(__setmntent, (path, mode), early_none()));
    return opened_stream(CALL_setmntent, real.__setmntent(path, mode), CALLER());
}

HOOKED FILE *tmpfile(void) {
    EARLY(EARLY_REAL(tmpfile, (), early_none()));
    return opened_stream(CALL_tmpfile, real.tmpfile(), CALLER());
}

HOOKED FILE *tmpfile64(void) {
    EARLY(EARLY_REAL(tmpfile64, (), early_none()));
    return opened_stream(CALL_tmpfile, real.tmpfile64(), CALLER());
}

// It closes the old one whether or not it can open the new one.
HOOKED FILE *freopen(const char *path, const char *mode, FILE *stream) {
    EARLY(EARLY_REAL(freopen, (path, mode, stream), early_none()));
    closing(CALL_freopen, descriptor_of(stream), CALLER());
    return opened_stream(CALL_freopen, real.freopen(path, mode, stream), CALLER());
}

HOOKED FILE *freopen64(const char *path, const char *mode, FILE *stream) {
    EARLY(EARLY_REAL(freopen64, (path, mode, stream), early_none()));
    closing(CALL_freopen, descriptor_of(stream), CALLER());
    return opened_stream(CALL_freopen, real.freopen64(path, mode, stream), CALLER());
}

HOOKED int fclose(FILE *stream) {
    EARLY(EARLY_REAL(fclose, (stream), early_fails()));
    closing(CALL_fclose, descriptor_of(stream), CALLER());
    return real.fclose(stream);
}

HOOKED int _IO_fclose(FILE *stream) {
    EARLY(EARLY_REAL(_IO_fclose, (stream), early_fails()));
    closing(CALL_fclose, descriptor_of(stream), CALLER());
    return real._IO_fclose(stream);
}

HOOKED int pclose(FILE *stream) {
    EARLY(EARLY_REAL(pclose, (stream), early_fails()));
    closing(CALL_pclose, descriptor_of(stream), CALLER());
    return real.pclose(stream);
}

HOOKED int endmntent(FILE *stream) {
    EARLY(EARLY_REAL(endmntent, (stream), early_fails()));
    closing(CALL_endmntent, stream ? descriptor_of(stream) : -1, CALLER());
    return real.endmntent(stream);
}

HOOKED int __endmntent(FILE *stream) {
    EARLY(EARLY_REAL(__endmntent, (stream), early_fails()));
    closing(CALL_endmntent, stream ? descriptor_of(stream) : -1, CALLER());
    return real.__endmntent(stream);
}

HOOKED DIR *opendir(const char *path) {
    EARLY(EARLY_REAL(opendir, (path), early_none()));
    DIR *directory = real.opendir(path);
    if (directory)
        record_opened(CALL_opendir, dirfd(directory), 0, CALLER());
    return directory;
}

HOOKED int closedir(DIR *directory) {
    EARLY(EARLY_REAL(closedir, (directory), early_fails()));
    uintptr_t given = (uintptr_t)directory; // which libc's header promises is not NULL, and libc checks
    if (given)
        closing(CALL_closedir, dirfd(directory), CALLER());
    return real.closedir(directory);
}
