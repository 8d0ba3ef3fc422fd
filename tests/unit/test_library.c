// links: analyzer/library.c
// Where libseep.so is looked for, and what is said when it isn't there.
#include "analyzer/library.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[32];
static char path[PATH_MAX], message[512];

static void touch(const char *name) {
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s/%s", folder, name);
    int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void subfolder(const char *name) {
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s/%s", folder, name);
    ck_assert_int_eq(mkdir(file, 0755), 0);
}

static void found_at(const char *name) {
    struct stat wanted, got;
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s/%s", folder, name);
    ck_assert_int_eq(stat(file, &wanted), 0);
    ck_assert_int_eq(stat(path, &got), 0);
    ck_assert_int_eq(path[0], '/');
    ck_assert(wanted.st_ino == got.st_ino);
}

static int beside(const char *name) {
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s/%s", folder, name);
    strcpy(path, "untouched");
    return library_find_beside(file, path, sizeof path, message, sizeof message);
}

static void make_folder(void) {
    strcpy(folder, "/tmp/seep-library-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    subfolder("bin");
    subfolder("lib");
    subfolder("lib/seep");
    ck_assert_int_eq(unsetenv("SEEP_LIB"), 0);
}

static void remove_folder(void) {
    char line[64];
    snprintf(line, sizeof line, "rm -rf %s", folder);
    ck_assert_int_eq(system(line), 0);
}

START_TEST(it_is_found_beside_the_program_first) {
    touch("lib/seep/libseep.so");
    ck_assert_int_eq(beside("bin/seep"), 0);
    found_at("lib/seep/libseep.so");
    touch("bin/libseep.so");
    ck_assert_int_eq(beside("bin/seep"), 0);
    found_at("bin/libseep.so");
}
END_TEST

START_TEST(where_it_was_looked_for_is_said) {
    ck_assert_int_eq(beside("bin/seep"), -ENOENT);
    ck_assert_str_eq(path, "untouched");
    ck_assert_ptr_nonnull(strstr(message, folder));
    ck_assert_ptr_nonnull(strstr(message, "SEEP_LIB"));
    subfolder("bin/libseep.so"); // a folder of that name is no library
    ck_assert_int_eq(beside("bin/seep"), -ENOENT);
}
END_TEST

START_TEST(a_buffer_too_small_is_an_error) {
    char file[PATH_MAX], tiny[8] = "tiny";
    touch("bin/libseep.so");
    snprintf(file, sizeof file, "%s/bin/seep", folder);
    ck_assert_int_eq(library_find_beside(file, tiny, sizeof tiny, message, sizeof message), -ENAMETOOLONG);
    ck_assert_str_eq(tiny, "tiny");
}
END_TEST

START_TEST(seep_lib_overrides) {
    char value[PATH_MAX];
    touch("lib/other.so");
    snprintf(value, sizeof value, "%s/lib/other.so", folder);
    ck_assert_int_eq(setenv("SEEP_LIB", value, 1), 0);
    ck_assert_int_eq(library_find(path, sizeof path, message, sizeof message), 0);
    ck_assert_str_eq(path, value);
}
END_TEST

START_TEST(seep_lib_may_name_the_folder) {
    char value[PATH_MAX];
    touch("lib/seep/libseep.so");
    snprintf(value, sizeof value, "%s/lib/seep", folder);
    ck_assert_int_eq(setenv("SEEP_LIB", value, 1), 0);
    ck_assert_int_eq(library_find(path, sizeof path, message, sizeof message), 0);
    found_at("lib/seep/libseep.so");
}
END_TEST

START_TEST(a_relative_seep_lib_is_made_absolute_without_resolving_links) {
    char link[PATH_MAX];
    subfolder("with space");
    touch("with space/libseep.so");
    snprintf(link, sizeof link, "%s/plain", folder);
    ck_assert_int_eq(symlink("with space", link), 0);
    ck_assert_int_eq(chdir(folder), 0);
    ck_assert_int_eq(setenv("SEEP_LIB", "plain/libseep.so", 1), 0);
    ck_assert_int_eq(library_find(path, sizeof path, message, sizeof message), 0);
    found_at("with space/libseep.so");
    ck_assert_ptr_null(strchr(path, ' '));
}
END_TEST

// A wrong SEEP_LIB is an error, not a reason to take another library silently.
START_TEST(a_wrong_seep_lib_is_an_error) {
    ck_assert_int_eq(setenv("SEEP_LIB", "/nowhere/libseep.so", 1), 0);
    ck_assert_int_eq(library_find(path, sizeof path, message, sizeof message), -ENOENT);
    ck_assert_ptr_nonnull(strstr(message, "SEEP_LIB is /nowhere/libseep.so"));
}
END_TEST

static void add_tests(TCase *search) {
    tcase_add_checked_fixture(search, make_folder, remove_folder);
    tcase_add_test(search, it_is_found_beside_the_program_first);
    tcase_add_test(search, where_it_was_looked_for_is_said);
    tcase_add_test(search, a_buffer_too_small_is_an_error);
    tcase_add_test(search, seep_lib_overrides);
    tcase_add_test(search, seep_lib_may_name_the_folder);
    tcase_add_test(search, a_relative_seep_lib_is_made_absolute_without_resolving_links);
    tcase_add_test(search, a_wrong_seep_lib_is_an_error);
}
SEEP_TEST_MAIN("library")
