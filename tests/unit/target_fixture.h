// What the tests of target.c share: a folder with a good program, files made of it, and what is said of them.
#pragma once

#include "analyzer/target.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/seep-target-XXXXXX";
static char first_folder[] = "/tmp/seep-target-XXXXXX";

static char *in_folder(const char *name) {
    static char paths[4][256];
    static int turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

__attribute__((format(printf, 1, 2))) static void shell(const char *format, ...) {
    char line[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    ck_assert_msg(system(line) == 0, "failed: %s", line);
}

static const char *script(const char *name, const char *text) {
    const char *path = in_folder(name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(path, 0755), 0);
    return path;
}

static struct target_verdict verdict; // the last one; large, so not on each test's stack

static void judge(const char *program, enum target_answer answer) {
    target_judge(program, &verdict);
    ck_assert_msg(verdict.answer == answer, "%s: answer %d, message: %s", program, verdict.answer,
                  verdict.message);
    if (answer == TARGET_OK) {
        ck_assert_str_eq(verdict.message, "");
        ck_assert_int_eq(access(verdict.path, X_OK), 0);
    } else {
        ck_assert_ptr_nonnull(strchr(verdict.message, ';')); // what is wrong; what to do
        ck_assert_ptr_null(strchr(verdict.message, '\n'));
    }
}

static void refused(const char *program, const char *words) {
    judge(program, TARGET_REFUSED);
    ck_assert_msg(strstr(verdict.message, words) != NULL, "no '%s' in: %s", words, verdict.message);
}

static void missing(const char *program, const char *words) {
    judge(program, TARGET_NOT_FOUND);
    ck_assert_msg(strstr(verdict.message, words) != NULL, "no '%s' in: %s", words, verdict.message);
}

static void runs_as(const char *program, const char *path) {
    judge(program, TARGET_OK);
    ck_assert_str_eq(verdict.path, path);
}

static void make_folder(void) {
    strcpy(folder, first_folder);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chmod(folder, 0755), 0); // one test judges as another user
    FILE *source = fopen(in_folder("good.c"), "w");
    ck_assert_ptr_nonnull(source);
    fputs("int main(void) { return 0; }\n", source);
    fclose(source);
    shell("gcc -o %s/good %s/good.c", folder, folder);
}

static void remove_folder(void) {
    shell("rm -rf %s", folder);
}
