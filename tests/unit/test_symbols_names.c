// links: analyzer/arena.c analyzer/symbols/symbol_table.c analyzer/symbols/elf_file.c
// links: analyzer/symbols/range_map.c analyzer/symbols/demangle.c
// flags: -ldw -lelf -l:libiberty.a

// Which of several symbols names an address, how names are written out, and the map of ranges below it all.
#include "analyzer/symbols/demangle.h"
#include "analyzer/symbols/range_map.h"
#include "analyzer/symbols/symbol_table.h"

#include "analyzer/arena.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[] = "/tmp/seep-names-XXXXXX";
static struct elf_file file;
static struct symbol_table table;

// Assembles a text and reads its symbols.
static void read_table(const char *assembly) {
    char command[4096];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(command, sizeof command, "cd %s && printf '%s' | gcc -nostdlib -shared -x assembler -o object -",
             folder, assembly);
    ck_assert_int_eq(system(command), 0);
    snprintf(command, sizeof command, "%s/object", folder);
    ck_assert_int_eq(elf_file_open(command, &file), 0);
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
    symbol_table_add(&table, &file);
    symbol_table_seal(&table);
}

static uint64_t start_of(const char *name) {
    for (size_t i = 0; i < table.count; i++)
        if (strlen(name) == table.symbols[i].name_bytes &&
            strncmp(table.symbols[i].name, name, strlen(name)) == 0)
            return table.symbols[i].start;
    ck_abort_msg("no symbol %s", name);
}

static void assert_name(uint64_t address, const char *expected) {
    const struct symbol *symbol = symbol_table_find(&table, address);
    char name[64] = "nothing";
    if (symbol)
        snprintf(name, sizeof name, "%.*s", (int)symbol->name_bytes, symbol->name);
    ck_assert_str_eq(name, expected);
}

static void release(void) {
    symbol_table_free(&table);
    elf_file_close(&file);
}

START_TEST(of_aliases_the_global_function_wins) {
    read_table(
        ".globl __public, public\\n.weak weakest\\n.type __public,@function\\n.type public,@function\\n"
        ".type weakest,@function\\n.type local,@function\\n"
        "public: __public: weakest: local: label: nop\\nnop\\n"
        ".size __public,2\\n.size public,2\\n.size weakest,2\\n.size local,2\\n"
        ".weak twin\\n.type twin,@function\\n.type twin_local,@function\\ntwin: twin_local: nop\\n"
        ".size twin,1\\n.size twin_local,1\\n");
    assert_name(start_of("public") + 1, "public"); // not __public: the plainer spelling
    assert_name(start_of("twin"), "twin_local");
    release();
}
END_TEST

START_TEST(sizes_are_respected_and_labels_reach_to_the_next_symbol) {
    read_table(".type sized,@function\\nsized: nop\\ninside: nop\\nnop\\n.size sized,3\\ngap: nop\\nnop\\n"
               ".type next,@function\\nnext: nop\\nnop\\n.size next,1\\n"
               ".section .text.far,\"ax\"\\nlast: nop\\nnop\\n");
    assert_name(start_of("sized") + 2, "sized"); // the label inside does not outdo the function around it
    assert_name(start_of("gap") + 1, "gap");
    assert_name(start_of("next"), "next");
    assert_name(start_of("next") + 1, "nothing"); // behind a sized one, before the next section
    assert_name(start_of("last") + 1, "last");
    assert_name(start_of("sized") - 1, "nothing");
    assert_name(start_of("last") + 2, "nothing");
    release();
}
END_TEST

START_TEST(data_is_no_function_and_versions_are_no_part_of_a_name) {
    read_table(".data\\n.globl thing\\n.type thing,@object\\nthing: .quad 0\\n.size thing,8\\nmark: .quad "
               "0\\n.text\\n"
               ".globl old_name\\n.type old_name,@function\\nold_name: nop\\n.size old_name,1\\n"
               ".L1: nop\\n");
    ck_assert_uint_eq(symbol_table_find(&table, start_of("old_name")) != NULL, 1);
    for (size_t i = 0; i < table.count; i++) {
        ck_assert_int_ne(strncmp(table.symbols[i].name, "thing", 5), 0);
        ck_assert_int_ne(strncmp(table.symbols[i].name, "mark", 4), 0);
    }
    release();
}
END_TEST

START_TEST(names_are_demangled_by_language) {
    static const char *const pairs[][2] = {
        {"_ZN2ns3Box3putEib", "ns::Box::put(int, bool)"},
        {"_ZNSt6vectorIiSaIiEE9push_backERKi",
         "std::vector<int, std::allocator<int> >::push_back(int const&)"},
        {"_ZN5alpha4beta17h0123456789abcdefE", "alpha::beta"},
        {"_RNvC5alpha5gamma", "alpha::gamma"},
        {"_D4main4funcFiZv", "main.func(int)"},
        {"plain", "plain"},
        {"_Znot", "_Znot"},
        {"_ZN5alpha", "_ZN5alpha"},
        {"_Dmain_of_mine", "_Dmain_of_mine"},
        {"i", "i"}, // a C function, not the mangled type int
        {"", ""},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        ck_assert_str_eq(demangle(arena, pairs[i][0]), pairs[i][1]);
    arena_free(arena);
}
END_TEST

// Each level names the one before it twice: 2^60 times the innermost, if somebody wrote it all out.
START_TEST(a_name_that_explodes_is_left_as_it_is) {
    char name[4096];
    size_t used = (size_t)sprintf(name, "_Z1f1A1BIS_S_E");
    for (int i = 0; i < 60; i++) {
        int back = 2 * i + 1; // the substitution that the previous level became
        char digits[8];
        const char *alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        if (back < 36)
            snprintf(digits, sizeof digits, "%c", alphabet[back]);
        else
            snprintf(digits, sizeof digits, "%c%c", alphabet[back / 36], alphabet[back % 36]);
        used += (size_t)sprintf(name + used, "1CIS%s_S%s_E", digits, digits);
    }
    struct arena *arena = arena_new();
    ck_assert_str_eq(demangle(arena, name), name);
    ck_assert_str_eq(demangle(arena, "_Z1f1A1BIS_S_E1CIS1_S1_E"), "f(A, B<A, A>, C<B<A, A>, B<A, A> >)");
    arena_free(arena);
}
END_TEST

START_TEST(a_long_or_deeply_nested_name_is_survived) {
    struct arena *arena = arena_new();
    static char name[1 << 17];
    static const char *const prefixes[] = {"_Z1f", "_R", "_D1a", "_ZN"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        for (size_t bytes = 1000; bytes < sizeof name - 1; bytes *= 5) {
            memset(name, "PINN"[i], bytes);
            memcpy(name, prefixes[i], strlen(prefixes[i]));
            name[bytes] = '\0';
            ck_assert_str_eq(demangle(arena, name), name);
        }
    arena_free(arena);
}
END_TEST

START_TEST(ranges_are_found_innermost_first) {
    struct range_map map = {0};
    uint32_t values[4];
    ck_assert_uint_eq(range_map_find(&map, 5, values, 4), 0);
    range_map_add(&map, 100, 200, 1);
    range_map_add(&map, 110, 120, 2);
    range_map_add(&map, 110, 150, 3);
    range_map_add(&map, 300, 310, 4);
    range_map_add(&map, 50, 50, 5); // empty
    range_map_add(&map, 60, 55, 6); // inverted
    range_map_seal(&map);
    ck_assert_uint_eq(range_map_find(&map, 115, values, 4), 3);
    ck_assert(values[0] == 2 && values[1] == 3 && values[2] == 1);
    ck_assert_uint_eq(range_map_find(&map, 115, values, 1), 1);
    ck_assert_uint_eq(range_map_find(&map, 160, values, 4), 1); // past two that ended
    ck_assert_uint_eq(values[0], 1);
    static const uint64_t outside[] = {0, 50, 57, 99, 200, 250, 299, 310, UINT64_MAX};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        ck_assert_uint_eq(range_map_find(&map, outside[i], values, 4), 0);
    ck_assert_uint_eq(range_map_find(&map, 309, values, 4), 1);
    range_map_free(&map);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, of_aliases_the_global_function_wins);
    tcase_add_test(tests, sizes_are_respected_and_labels_reach_to_the_next_symbol);
    tcase_add_test(tests, data_is_no_function_and_versions_are_no_part_of_a_name);
    tcase_add_test(tests, names_are_demangled_by_language);
    tcase_add_test(tests, a_name_that_explodes_is_left_as_it_is);
    tcase_add_test(tests, a_long_or_deeply_nested_name_is_survived);
    tcase_add_test(tests, ranges_are_found_innermost_first);
}
SEEP_TEST_MAIN("names")
