// For the tests of analyzer/symbols: a temporary folder, objects built in it by real compilers, and questions
// to them.
#pragma once

#include "analyzer/symbols/symbols.h"

#include <check.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FRAMES = 64 };

static char folder[PATH_MAX];
static struct symbols *symbols;
static struct arena *arena;
static struct report_frame frames[FRAMES];

// Runs a shell command in the folder and insists that it works.
__attribute__((format(printf, 1, 2), unused)) static void shell(const char *format, ...) {
    char command[8192];
    int used = snprintf(command, sizeof command, "cd '%s' && ", folder);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command + used, sizeof command - (size_t)used, format, arguments);
    va_end(arguments);
    ck_assert_msg(system(command) == 0, "failed: %s", command);
}

__attribute__((unused)) static const char *path_of(const char *name) {
    static char paths[4][PATH_MAX + 256];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

__attribute__((unused)) static void write_file(const char *name, const char *text) {
    FILE *file = fopen(path_of(name), "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

// The address of a symbol, by nm.
__attribute__((unused)) static uint64_t address_of(const char *name, const char *symbol) {
    char command[PATH_MAX + 512], found[32] = "";
    snprintf(command, sizeof command, "nm '%s' | awk '$3 == \"%s\" { print $1 }'", path_of(name), symbol);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    ck_assert_msg(fgets(found, sizeof found, pipe) != NULL, "%s has no %s", name, symbol);
    pclose(pipe);
    return strtoull(found, NULL, 16);
}

static void open_symbols(void) {
    symbols = symbols_new(&(struct symbols_options){.debuginfod = false});
    arena = arena_new();
}

static void close_symbols(void) {
    symbols_free(symbols);
    arena_free(arena);
}

__attribute__((unused)) static void set_up(void) {
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/seep-symbols-XXXXXX", base ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    open_symbols();
}

__attribute__((unused)) static void tear_down(void) {
    close_symbols();
    shell("rm -rf '%s'", folder);
}

// Fills frames with those at an ELF address of a file in the folder, loaded somewhere.
__attribute__((unused)) static size_t resolve(const char *name, uint64_t address) {
    struct symbol_module module = {.path = path_of(name), .load_bias = 0x7f0000000000};
    memset(frames, 0xaa, sizeof frames);
    return symbols_resolve(symbols, &module, address + module.load_bias, arena, frames, FRAMES);
}

__attribute__((unused)) static void assert_frame(size_t i, const char *function, const char *file,
                                                 unsigned line) {
    ck_assert_pstr_eq(frames[i].function, function);
    ck_assert_uint_eq(frames[i].line, line);
    if (!file) {
        ck_assert_ptr_null(frames[i].file);
        return;
    }
    ck_assert_ptr_nonnull(frames[i].file);
    const char *slash = strrchr(frames[i].file, '/');
    ck_assert_str_eq(slash ? slash + 1 : frames[i].file, file);
}

// How many remarks hold the text.
__attribute__((unused)) static size_t remarks_with(const char *text) {
    const char *const *remarks;
    size_t count = symbols_remarks(symbols, &remarks), found = 0;
    for (size_t i = 0; i < count; i++)
        found += strstr(remarks[i], text) != NULL;
    return found;
}

__attribute__((unused)) static size_t remark_count(void) {
    const char *const *remarks;
    return symbols_remarks(symbols, &remarks);
}

__attribute__((unused)) static int run_suite(TCase *tests) {
    Suite *suite = suite_create("symbols");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

// A function inlined into a function inlined into a function; "spot" is an address in the innermost.
#define INLINE_SOURCE                                                                                        \
    "volatile int sink;\n"                                                                                   \
    "static inline __attribute__((always_inline)) void inner(int x) {\n"                                     \
    "    sink = x;\n"                                                                                        \
    "    __asm__ volatile(\".globl spot\\nspot: nop\");\n" /* line 4 */                                      \
    "    sink = x + 1;\n"                                                                                    \
    "}\n"                                                                                                    \
    "static inline __attribute__((always_inline)) void middle(int x) {\n"                                    \
    "    sink = 2;\n"                                                                                        \
    "    inner(x * 3);\n" /* line 9 */                                                                       \
    "    sink = 4;\n"                                                                                        \
    "}\n"                                                                                                    \
    "__attribute__((noinline)) void outer(int x) {\n"                                                        \
    "    sink = 5;\n"                                                                                        \
    "    middle(x);\n" /* line 14 */                                                                         \
    "    sink = 6;\n"                                                                                        \
    "}\n"                                                                                                    \
    "int main(int argc, char **argv) {\n"                                                                    \
    "    (void)argv;\n"                                                                                      \
    "    outer(argc);\n"                                                                                     \
    "    return 0;\n"                                                                                        \
    "}\n"

__attribute__((unused)) static void assert_inline_frames(size_t count) {
    ck_assert_uint_eq(count, 3);
    assert_frame(0, "inner", "inline.c", 4);
    assert_frame(1, "middle", "inline.c", 9);
    assert_frame(2, "outer", "inline.c", 14);
    ck_assert(frames[0].inlined && frames[1].inlined && !frames[2].inlined);
}
