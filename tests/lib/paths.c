// Where things are: what was built, and the directory that a test has to itself.
// Called by tests and by run.c. Check runs each test in a process of its own, so "the test's end" is the
// process's.
#include "tests/lib/run.h"

#include <gnu/lib-names.h>
#include <check.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char directory[PATH_MAX];
static pid_t directory_owner;

const char *text(const char *format, ...) {
    char *result = NULL;
    va_list arguments;
    va_start(arguments, format);
    ck_assert_int_ge(vasprintf(&result, format, arguments), 0);
    va_end(arguments);
    return result;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where) {
    (void)status, (void)kind, (void)where;
    remove(path);
    return 0;
}

static void remove_directory(void) {
    if (getpid() == directory_owner)
        nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *test_directory(void) {
    if (directory_owner == getpid())
        return directory;
    const char *base = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/seep-test-XXXXXX", base ? base : "/tmp");
    ck_assert_msg(mkdtemp(directory) != NULL, "cannot make a directory %s", directory);
    directory_owner = getpid();
    atexit(remove_directory);
    return directory;
}

const char *test_path(const char *name) {
    return text("%s/%s", test_directory(), name);
}

const char *build_directory(void) {
    static char absolute[PATH_MAX];
    const char *build = getenv("SEEP_BUILD");
    if (!absolute[0])
        ck_assert_msg(realpath(build ? build : "build", absolute) != NULL,
                      "no build directory: run make, set SEEP_BUILD");
    return absolute;
}

const char *seep_path(void) {
    return text("%s/seep", build_directory());
}

const char *libseep_path(void) {
    return text("%s/libseep.so", build_directory());
}

const char *program_path(const char *name) {
    return text("%s/tests/programs/%s", build_directory(), name);
}

const char *program_library(const char *name) {
    return text("%s/tests/programs/libs/%s.so", build_directory(), name);
}

const char *loader_path(void) {
    const char *path = text("/lib64/%s", LD_SO);
    return access(path, X_OK) == 0 ? path : text("/lib/%s", LD_SO);
}
