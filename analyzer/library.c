// Finds libseep.so. Must not resolve links in SEEP_LIB: a link is the way around an install path that the
// loader would split. Called by command_run.c and command_doctor.c.
#include "analyzer/library.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char library_name[] = "libseep.so";

static bool is_library(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, R_OK) == 0;
}

// 1: found and copied to path. 0: not there. -ENAMETOOLONG: there, but path is too small for its name.
__attribute__((format(printf, 3, 4))) static int try_path(char *path, size_t bytes, const char *format, ...) {
    char candidate[PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(candidate, sizeof candidate, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof candidate || !is_library(candidate))
        return 0;
    if ((size_t)length >= bytes)
        return -ENAMETOOLONG;
    memcpy(path, candidate, (size_t)length + 1);
    return 1;
}

static int too_long(char *message, size_t message_bytes) {
    snprintf(message, message_bytes, "the path of %s is too long; install seep in a shorter one",
             library_name);
    return -ENAMETOOLONG;
}

int library_find_beside(const char *executable, char *path, size_t bytes, char *message,
                        size_t message_bytes) {
    const char *slash = strrchr(executable, '/');
    int folder = slash != NULL ? (int)(slash - executable) : 0;
    int found = try_path(path, bytes, "%.*s/%s", folder, executable, library_name);
    if (found == 0)
        found = try_path(path, bytes, "%.*s/../lib/seep/%s", folder, executable, library_name);
    if (found > 0)
        return 0;
    if (found < 0)
        return too_long(message, message_bytes);
    snprintf(message, message_bytes,
             "%s is neither in %.*s nor in ../lib/seep from there; install seep whole, or set SEEP_LIB to it",
             library_name, folder, executable);
    return -ENOENT;
}

// SEEP_LIB as the user set it, made absolute: programs change their folder before they start others.
static int find_named(const char *named, char *path, size_t bytes, char *message, size_t message_bytes) {
    char here[PATH_MAX] = "";
    if (named[0] != '/' && getcwd(here, sizeof here) == NULL)
        here[0] = '\0';
    const char *separator = named[0] == '/' ? "" : "/";
    int found = try_path(path, bytes, "%s%s%s", here, separator, named);
    if (found == 0)
        found = try_path(path, bytes, "%s%s%s/%s", here, separator, named, library_name);
    if (found > 0)
        return 0;
    if (found < 0)
        return too_long(message, message_bytes);
    snprintf(message, message_bytes, "SEEP_LIB is %.300s, where there is no %s; correct or unset it", named,
             library_name);
    return -ENOENT;
}

int library_find(char *path, size_t bytes, char *message, size_t message_bytes) {
    const char *named = getenv("SEEP_LIB");
    if (named != NULL && named[0] != '\0')
        return find_named(named, path, bytes, message, message_bytes);
    char executable[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", executable, sizeof executable - 1);
    if (length < 0) {
        int error = errno;
        snprintf(message, message_bytes, "cannot read /proc/self/exe: %s; mount /proc, or set SEEP_LIB to %s",
                 strerror(error), library_name);
        return -error;
    }
    executable[length] = '\0';
    return library_find_beside(executable, path, bytes, message, message_bytes);
}
