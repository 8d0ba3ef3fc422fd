// links: analyzer/symbols/go_symbols.c analyzer/symbols/go_image.c
// links: analyzer/arena.c analyzer/symbols/symbols.c analyzer/symbols/object.c
// links: analyzer/symbols/module_file.c analyzer/symbols/elf_file.c analyzer/symbols/debug_files.c
// links: analyzer/symbols/debuginfod.c analyzer/symbols/symbol_table.c analyzer/symbols/units.c
// links: analyzer/symbols/dies.c analyzer/symbols/scopes.c analyzer/symbols/qualified_name.c analyzer/symbols/inlines.c analyzer/symbols/lines.c
// links: analyzer/symbols/demangle.c analyzer/symbols/range_map.c
// links: analyzer/symbols/remarks.c analyzer/symbols/frame_cache.c
// links: analyzer/symbols/mini_debuginfo.c
// flags: -ldw -lelf -lz -l:libiberty.a

// Ten thousand distinct frames of a large program with debug information. The time is printed for whoever
// reads the log; what is asserted is that every frame is right.
#include "tests/lib/effort.h"
#include "tests/unit/symbols_fixture.h"

#include <time.h>

enum { UNITS = EFFORT_SANITIZED ? 5 : 50, FUNCTIONS = 200, TYPES = 500 };

// What a unit of a real program carries besides its functions: some thousand entries of types, kept by a use
// of all.
static void generate_types(void) {
    FILE *file = fopen(path_of("types.h"), "w");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < TYPES; i++)
        fprintf(file, "struct Type%d { int a; char b[%d]; Type%d *next; int get(int) const; };\n", i, i + 1,
                i);
    fprintf(file, "struct All {\n");
    for (int i = 0; i < TYPES; i++)
        fprintf(file, "Type%d member%d;\n", i, i);
    fprintf(file, "};\nstatic inline int use(All *all) { return all->member0.a; }\n");
    ck_assert_int_eq(fclose(file), 0);
}

static void generate_unit(int unit) {
    char name[32];
    snprintf(name, sizeof name, "unit%d.cc", unit);
    FILE *file = fopen(path_of(name), "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "#include \"types.h\"\n#include \"work.h\"\n");
    if (unit == 0)
        fprintf(file, "volatile int sink; int main() { return 0; }\n");
    fprintf(file, "#line 1\nnamespace u%d { int first(All *all) { return use(all); }\n", unit);
    for (int i = 0; i < FUNCTIONS; i++) // at line i + 2
        fprintf(file, "int f%d(int x) { work<%d>(x); return x + 1; }\n", i, unit * FUNCTIONS + i);
    fprintf(file, "}\n");
    ck_assert_int_eq(fclose(file), 0);
}

// Each function has its own line, and one inlined call to a template of a shared header.
static void generate(void) {
    write_file("work.h", "extern volatile int sink;\n"
                         "template <int N> inline __attribute__((always_inline)) void work(int x) {\n"
                         "    sink = x + N;\n"
                         "    __asm__ volatile(\".globl spot_%c0\\nspot_%c0: nop\" ::\"i\"(N));\n" // line 4
                         "    sink = x - N;\n"
                         "}\n");
    generate_types();
    for (int unit = 0; unit < UNITS; unit++)
        generate_unit(unit);
    shell("ls unit*.cc | xargs -P 2 -n 5 g++ -g -O2 -c && g++ -o large unit*.o");
}

static uint64_t spots[UNITS * FUNCTIONS];

static void read_spots(void) {
    shell("nm large | sed -n 's/^\\([0-9a-f]*\\) . spot_\\([0-9]*\\)$/\\1 \\2/p' > spots");
    FILE *file = fopen(path_of("spots"), "r");
    ck_assert_ptr_nonnull(file);
    unsigned long address;
    int number, count = 0;
    while (fscanf(file, "%lx %d", &address, &number) == 2) {
        ck_assert(number >= 0 && number < UNITS * FUNCTIONS);
        spots[number] = address;
        count++;
    }
    fclose(file);
    ck_assert_int_eq(count, UNITS * FUNCTIONS);
}

static void check_frames(int number) {
    char name[64], file[32];
    ck_assert_uint_eq(resolve("large", spots[number]), 2);
    snprintf(name, sizeof name, "void work<%d>(int)", number);
    assert_frame(0, name, "work.h", 4);
    snprintf(name, sizeof name, "u%d::f%d(int)", number / FUNCTIONS, number % FUNCTIONS);
    snprintf(file, sizeof file, "unit%d.cc", number / FUNCTIONS);
    assert_frame(1, name, file, (unsigned)(number % FUNCTIONS) + 2);
}

static double seconds_for_all(void) {
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    for (int i = 0; i < UNITS * FUNCTIONS; i++) // jumps from unit to unit, as stacks do
        check_frames((int)((i * 7919L) % (UNITS * FUNCTIONS)));
    clock_gettime(CLOCK_MONOTONIC, &after);
    return (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
}

START_TEST(ten_thousand_frames_of_a_large_program) {
    generate();
    read_spots();
    double first = seconds_for_all(), again = seconds_for_all();
    struct stat status;
    ck_assert_int_eq(stat(path_of("large"), &status), 0);
    printf("symbols: %d distinct addresses of %.1f MB in %.3f s, again in %.3f s\n", UNITS * FUNCTIONS,
           (double)status.st_size / 1e6, first, again);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("large");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 600);
    tcase_add_test(tests, ten_thousand_frames_of_a_large_program);
    return run_suite(tests);
}
