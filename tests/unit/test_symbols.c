// links: analyzer/symbols/go_symbols.c analyzer/symbols/go_image.c
// links: analyzer/arena.c analyzer/symbols/symbols.c analyzer/symbols/object.c
// links: analyzer/symbols/module_file.c analyzer/symbols/elf_file.c analyzer/symbols/debug_files.c
// links: analyzer/symbols/debuginfod.c analyzer/symbols/symbol_table.c analyzer/symbols/units.c
// links: analyzer/symbols/dies.c analyzer/symbols/scopes.c analyzer/symbols/qualified_name.c analyzer/symbols/inlines.c analyzer/symbols/lines.c
// links: analyzer/symbols/demangle.c analyzer/symbols/range_map.c
// links: analyzer/symbols/remarks.c analyzer/symbols/frame_cache.c
// links: analyzer/symbols/mini_debuginfo.c
// links: analyzer/site_name.c
// flags: -ldw -lelf -lz -l:libiberty.a

// Frames of code as real compilers leave it: functions, lines, inlined calls, names; and what is said
// when there are none.
#include "analyzer/site_name.h"
#include "tests/unit/symbols_fixture.h"

#include <gelf.h>
#include <link.h>
#include <sys/auxv.h>

static const char *const compilers[] = {"gcc -gdwarf-4", "gcc -gdwarf-5", "clang -gdwarf-4",
                                        "clang -gdwarf-5"};
enum { COMPILERS = sizeof compilers / sizeof *compilers };

START_TEST(inlined_frames_come_innermost_first_with_their_call_lines) {
    write_file("inline.c", INLINE_SOURCE);
    shell("%s -O2 -o inline inline.c", compilers[_i]);
    if (strncmp(compilers[_i], "clang", 5) == 0) // the case that the map of units exists for
        shell("readelf -SW inline | grep -q 'debug_info' && ! readelf -SW inline | grep -q 'debug_aranges'");
    uint64_t spot = address_of("inline", "spot");
    assert_inline_frames(resolve("inline", spot));
    ck_assert_uint_eq(frames[0].offset, spot);
    ck_assert_uint_eq(frames[2].offset, spot);
    ck_assert_str_eq(frames[1].module, path_of("inline"));
    ck_assert_ptr_null(frames[0].build_id);
    assert_inline_frames(resolve("inline", spot)); // from the cache this time
    ck_assert_uint_eq(remark_count(), 0);
}
END_TEST

START_TEST(too_little_room_keeps_the_innermost_and_the_function) {
    write_file("inline.c", INLINE_SOURCE);
    shell("gcc -g -O2 -o inline inline.c");
    struct symbol_module module = {.path = path_of("inline")};
    uint64_t spot = address_of("inline", "spot");
    ck_assert_uint_eq(symbols_resolve(symbols, &module, spot, arena, frames, 2), 2);
    assert_frame(0, "inner", "inline.c", 4);
    assert_frame(1, "outer", "inline.c", 14);
    ck_assert(frames[0].inlined && !frames[1].inlined);
    ck_assert_uint_eq(symbols_resolve(symbols, &module, spot, arena, frames, 1), 1);
    assert_frame(0, "outer", "inline.c", 14);
    ck_assert(!frames[0].inlined);
}
END_TEST

START_TEST(results_outlive_the_symbols) {
    write_file("inline.c", INLINE_SOURCE);
    shell("gcc -g -O2 -Wl,--build-id=0x0aff0102 -o inline inline.c");
    const uint8_t build_id[] = {0x0a, 0xff, 1, 2};
    struct symbol_module module = {.path = path_of("inline"), .build_id = build_id, .build_id_bytes = 4};
    symbols_resolve(symbols, &module, address_of("inline", "spot"), arena, frames, FRAMES);
    symbols_free(symbols);
    symbols = NULL;
    assert_inline_frames(3);
    ck_assert_str_eq(frames[2].build_id, "0aff0102");
    ck_assert_str_eq(frames[2].module, path_of("inline"));
}
END_TEST

START_TEST(cplusplus_names_carry_scope_and_parameters) {
    write_file("names.cc", "volatile int sink;\n"
                           "namespace outer { template <class T> struct Box {\n"
                           "    __attribute__((always_inline)) void put(T x) {\n"
                           "        __asm__ volatile(\".globl spot\\nspot: nop\"); sink = (int)x; }\n"
                           "    __attribute__((noinline)) void fill(T x, const char *) {\n"
                           "        put(x); sink = 1; }\n"
                           "}; }\n"
                           "namespace { __attribute__((noinline)) void hidden(long) {\n"
                           "    __asm__ volatile(\".globl there\\nthere: nop\"); } }\n"
                           "int main() { outer::Box<int> b; b.fill(3, \"\"); hidden(1); return 0; }\n");
    shell("%s -O2 -x c++ -o names names.cc -lstdc++", compilers[_i]);
    ck_assert_uint_eq(resolve("names", address_of("names", "spot")), 2);
    assert_frame(0, "outer::Box<int>::put(int)", "names.cc", 4);
    assert_frame(1, "outer::Box<int>::fill(int, char const*)", "names.cc", 6);
    ck_assert_uint_eq(resolve("names", address_of("names", "there")), 1);
    assert_frame(0, "(anonymous namespace)::hidden(long)", "names.cc", 9);
}
END_TEST

// Functions that only one file can call have no linkage name where gcc inlined them; ids are made of these
// names, and must not depend on the compiler and what it inlined.
START_TEST(cplusplus_names_without_linkage_name_carry_scope) {
    static const struct {
        const char *spot, *normal;
    } functions[] = {{"constructor", "Keeper::Keeper"},
                     {"method", "Keeper::keep"},
                     {"template", "Keeper::tail"},
                     {"hidden", "hidden"},
                     {"deep", "inner::deep"},
                     {"boxed", "shown::Box::put"},
                     {"static", "shown::once"},
                     {"local", "entry::Local::go"},
                     {"lambda", "entry::{lambda}::operator()"},
                     {"plain", "plain"}};
    write_file("scopes.cc",
               "volatile int sink;\n"
               "#define SPOT(name) __asm__ volatile(\".globl spot_\" #name \"\\nspot_\" #name \": nop\")\n"
               "namespace { struct Keeper { int kept;\n"
               "    Keeper(int x) : kept(x) { sink = x; SPOT(constructor); }\n"
               "    void keep(int x) { sink = kept = x; SPOT(method); }\n"
               "    template <class T> void tail(T x) { sink = kept = (int)x; SPOT(template); } };\n"
               "  void hidden(int x) { sink = x; SPOT(hidden); }\n"
               "  namespace inner { void deep(int x) { sink = x; SPOT(deep); } } }\n"
               "namespace shown { namespace { template <class T> struct Box {\n"
               "    void put(T x) { sink = (int)x; SPOT(boxed); } }; }\n"
               "  static void once(int x) { sink = x; SPOT(static); }\n"
               "  extern \"C\" inline void plain(int x) { sink = x; SPOT(plain); } }\n"
               "extern \"C\" __attribute__((noinline)) void entry(int n) {\n"
               "    struct Local { void go(int x) { sink = x; SPOT(local); } } local;\n"
               "    auto lambda = [](int x) { sink = x; SPOT(lambda); };\n"
               "    Keeper keeper(n); keeper.keep(n); keeper.tail<long>(n);\n"
               "    hidden(n); inner::deep(n); shown::Box<int>().put(n); shown::once(n);\n"
               "    local.go(n); lambda(n); shown::plain(n); }\n"
               "int main(int argc, char **) { entry(argc); return 0; }\n");
    for (int optimised = 0; optimised < 2; optimised++) {
        shell("%s -O%d -x c++ -o scopes scopes.cc -lstdc++", compilers[_i], 2 * optimised);
        for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
            char spot[32], normal[SITE_NAME_BYTES];
            snprintf(spot, sizeof spot, "spot_%s", functions[i].spot);
            size_t count = resolve("scopes", address_of("scopes", spot));
            ck_assert_uint_eq(count, optimised ? 2 : 1);
            ck_assert_ptr_nonnull(frames[0].function);
            site_name_normalize(frames[0].function, normal, sizeof normal);
            ck_assert_str_eq(normal, functions[i].normal);
        }
        close_symbols();
        open_symbols();
    }
}
END_TEST

// gcc puts a cold part far from its function, under one entry with several ranges and a symbol of its own.
START_TEST(every_part_of_a_split_function_has_its_name) {
    write_file("cold.c", "volatile int sink; void abort(void);\n"
                         "void hot(int x) {\n"
                         "    if (x == 77) { sink = 9; abort(); }\n"
                         "    sink = x; }\n");
    shell("gcc -g -O2 -shared -fPIC -o cold cold.c");
    uint64_t cold = address_of("cold", "hot.cold");
    ck_assert_uint_lt(cold, address_of("cold", "hot"));
    ck_assert_uint_eq(resolve("cold", cold), 1);
    ck_assert_str_eq(frames[0].function, "hot");
    ck_assert_uint_ne(frames[0].line, 0);
}
END_TEST

START_TEST(functions_nested_in_functions_are_found) {
    write_file("nested.c", "volatile int sink;\n"
                           "int main(int argc, char **argv) {\n"
                           "    __attribute__((noinline)) void act(int x) {\n"
                           "        sink = x + argc; __asm__ volatile(\".globl spot\\nspot: nop\"); }\n"
                           "    act(!argv); return 0; }\n");
    shell("gcc -g -O1 -o nested nested.c"); // clang knows no such functions
    ck_assert_uint_eq(resolve("nested", address_of("nested", "spot")), 1);
    assert_frame(0, "act", "nested.c", 4);
}
END_TEST

// A unit that gives neither low_pc nor ranges, as some compilers leave it: found by its functions, and lines.
START_TEST(a_unit_without_ranges_is_found_by_its_functions) {
    write_file("bare.s", ".text\n.globl bare_start\nbare_start: nop\n.globl spot\nspot: nop\nbare_end: ret\n"
                         ".globl main\nmain: ret\n.section .note.GNU-stack,\"\",@progbits\n"
                         ".section .debug_abbrev,\"\",@progbits\n"
                         ".byte 1,0x11,1,0x03,8,0,0, 2,0x2e,0,0x03,8,0x11,1,0x12,7,0,0, 0\n"
                         ".section .debug_info,\"\",@progbits\n"
                         ".long finish - begin\nbegin: .value 4\n.long .debug_abbrev\n.byte 8\n"
                         ".byte 1\n.asciz \"bare.x\"\n.byte 2\n.asciz \"from_the_unit\"\n.quad bare_start\n"
                         ".quad bare_end - bare_start\n.byte 0\nfinish:\n");
    shell("gcc -o bare bare.s");
    ck_assert_uint_eq(resolve("bare", address_of("bare", "spot")), 1);
    assert_frame(0, "from_the_unit", NULL, 0);
    resolve("bare", address_of("bare", "main"));
    assert_frame(0, "main", NULL, 0);
}
END_TEST

// Linkers leave the entries of functions that they dropped behind, at address 0; one of 64 KiB would cover
// all of a small program.
START_TEST(a_function_that_the_linker_dropped_claims_nothing) {
    write_file("drop.c", "void dropped(void) { __asm__ volatile(\".skip 0x10000, 0x90\"); }\n"
                         "int main(void) { return 0; }\n");
    shell("%s -O1 -ffunction-sections -Wl,--gc-sections -o drop drop.c", compilers[_i]);
    shell("! nm drop | grep -q dropped");
    resolve("drop", address_of("drop", "_start"));
    ck_assert_str_eq(frames[0].function, "_start");
}
END_TEST

START_TEST(a_stripped_library_has_its_dynamic_names) {
    write_file("lib.c", "int sink; static __attribute__((noinline)) void secret(int x) { sink = x; }\n"
                        "void shown(int x) { secret(x); sink++; }\n");
    shell("gcc -O1 -g -fno-optimize-sibling-calls -shared -fPIC -o lib.so lib.c");
    uint64_t shown = address_of("lib.so", "shown"), secret = address_of("lib.so", "secret");
    shell("strip lib.so");
    ck_assert_uint_eq(resolve("lib.so", shown + 1), 1);
    assert_frame(0, "shown", NULL, 0);
    ck_assert_uint_eq(resolve("lib.so", secret), 1);
    assert_frame(0, NULL, NULL, 0); // not the nearest exported name: it does not cover the address
    ck_assert_str_eq(frames[0].module, path_of("lib.so"));
    ck_assert_uint_eq(frames[0].offset, secret);
}
END_TEST

START_TEST(a_symbol_alone_gives_a_demangled_name) {
    write_file("rust.c",
               "void cxx(void) __asm__(\"_ZN5alpha4betaEi\");\n"
               "void legacy(void) __asm__(\"_ZN5alpha4beta17h0123456789abcdefE\");\n"
               "void v0(void) __asm__(\"_RNvC5alpha5gamma\");\n"
               "void cxx(void) {} void legacy(void) {} void v0(void) {} int main(void) { return 0; }\n");
    shell("gcc -O1 %s -o rust rust.c", _i ? "-g" : "");
    resolve("rust", address_of("rust", "_ZN5alpha4betaEi"));
    ck_assert_str_eq(frames[0].function, "alpha::beta(int)");
    resolve("rust", address_of("rust", "_ZN5alpha4beta17h0123456789abcdefE"));
    ck_assert_str_eq(frames[0].function, "alpha::beta");
    resolve("rust", address_of("rust", "_RNvC5alpha5gamma"));
    ck_assert_str_eq(frames[0].function, "alpha::gamma");
}
END_TEST

START_TEST(a_changed_file_gives_no_names_but_a_remark) {
    write_file("inline.c", INLINE_SOURCE);
    shell("gcc -g -O2 -Wl,--build-id=0x0a0b0c0d -o inline inline.c");
    uint64_t spot = address_of("inline", "spot");
    const uint8_t loaded[] = {0x0a, 0x0b, 0x0c, 0x0e};
    struct symbol_module module = {
        .path = path_of("inline"), .build_id = loaded, .build_id_bytes = sizeof loaded};
    for (int again = 0; again < 3; again++) {
        ck_assert_uint_eq(symbols_resolve(symbols, &module, spot + (uint64_t)again, arena, frames, FRAMES),
                          1);
        assert_frame(0, NULL, NULL, 0);
        ck_assert_str_eq(frames[0].build_id, "0a0b0c0e");
        ck_assert_uint_eq(frames[0].offset, spot + (uint64_t)again);
    }
    ck_assert_uint_eq(remarks_with("has changed"), 1);
    ck_assert_uint_eq(remark_count(), 1);
    // The same path with the right build-id is another object, and has names.
    const uint8_t right[] = {0x0a, 0x0b, 0x0c, 0x0d};
    module.build_id = right;
    assert_inline_frames(symbols_resolve(symbols, &module, spot, arena, frames, FRAMES));
}
END_TEST

START_TEST(a_file_that_lost_its_build_id_has_changed) {
    write_file("inline.c", INLINE_SOURCE);
    shell("gcc -g -O2 -Wl,--build-id=none -o inline inline.c");
    const uint8_t loaded[] = {1, 2, 3, 4};
    struct symbol_module module = {
        .path = path_of("inline"), .build_id = loaded, .build_id_bytes = sizeof loaded};
    symbols_resolve(symbols, &module, address_of("inline", "spot"), arena, frames, FRAMES);
    assert_frame(0, NULL, NULL, 0);
    ck_assert_uint_eq(remarks_with("has changed"), 1);
}
END_TEST

START_TEST(files_that_are_gone_or_no_objects_give_module_and_offset) {
    write_file("text", "not an object");
    shell("mkfifo pipe && touch empty && mkdir folder");
    static const char *const names[] = {"gone", "old (deleted)", "text", "pipe", "empty", "folder"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ck_assert_uint_eq(resolve(names[i], 0x1234), 1);
        assert_frame(0, NULL, NULL, 0);
        ck_assert_str_eq(frames[0].module, path_of(names[i]));
        ck_assert_uint_eq(frames[0].offset, 0x1234);
        ck_assert_uint_eq(remarks_with(path_of(names[i])), 1);
    }
}
END_TEST

START_TEST(an_address_in_no_module_stays_a_number) {
    ck_assert_uint_eq(symbols_resolve(symbols, NULL, 0x12345678, arena, frames, FRAMES), 1);
    assert_frame(0, NULL, NULL, 0);
    ck_assert_ptr_null(frames[0].module);
    ck_assert_uint_eq(frames[0].offset, 0x12345678);
}
END_TEST

// The value of a dynamic symbol of the vDSO, found by its own dynamic section as the loader does.
static uint64_t vdso_symbol(const char *name) {
    const char *image = (const void *)getauxval(AT_SYSINFO_EHDR);
    const ElfW(Ehdr) *header = (const void *)image;
    const ElfW(Shdr) *sections = (const void *)(image + header->e_shoff);
    for (size_t i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type != SHT_DYNSYM)
            continue;
        const ElfW(Sym) *symbol = (const void *)(image + sections[i].sh_offset);
        const char *strings = image + sections[sections[i].sh_link].sh_offset;
        for (size_t j = 0; j < sections[i].sh_size / sizeof *symbol; j++)
            if (strcmp(strings + symbol[j].st_name, name) == 0)
                return symbol[j].st_value;
    }
    return 0;
}

START_TEST(the_vdso_has_names) {
#ifdef __aarch64__
    const char *const clock = "__kernel_clock_gettime";
#else
    const char *const clock = "__vdso_clock_gettime";
#endif
    uint64_t value = vdso_symbol(clock);
    ck_assert_uint_ne(value, 0);
    uint64_t base = getauxval(AT_SYSINFO_EHDR);
    struct symbol_module module = {.path = "[vdso]", .load_bias = base};
    ck_assert_uint_eq(symbols_resolve(symbols, &module, base + value + 1, arena, frames, FRAMES), 1);
    ck_assert_ptr_nonnull(frames[0].function);
    ck_assert_ptr_nonnull(strstr(frames[0].function, "clock_gettime"));
    ck_assert_str_eq(frames[0].module, "[vdso]");
    ck_assert_uint_eq(frames[0].offset, value + 1);
}
END_TEST

START_TEST(no_descriptor_stays_open) {
    write_file("inline.c", INLINE_SOURCE);
    shell("gcc -g -O2 -o inline inline.c");
    int before = dup(0);
    close(before);
    assert_inline_frames(resolve("inline", address_of("inline", "spot")));
    int after = dup(0);
    close(after);
    ck_assert_int_eq(after, before);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("compiled");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, inlined_frames_come_innermost_first_with_their_call_lines, 0, COMPILERS);
    tcase_add_loop_test(tests, cplusplus_names_carry_scope_and_parameters, 0, COMPILERS);
    tcase_add_loop_test(tests, cplusplus_names_without_linkage_name_carry_scope, 0, COMPILERS);
    tcase_add_test(tests, functions_nested_in_functions_are_found);
    tcase_add_loop_test(tests, a_function_that_the_linker_dropped_claims_nothing, 0, COMPILERS);
    tcase_add_loop_test(tests, a_symbol_alone_gives_a_demangled_name, 0, 2);
    tcase_add_test(tests, too_little_room_keeps_the_innermost_and_the_function);
    tcase_add_test(tests, results_outlive_the_symbols);
    tcase_add_test(tests, every_part_of_a_split_function_has_its_name);
    tcase_add_test(tests, a_unit_without_ranges_is_found_by_its_functions);
    tcase_add_test(tests, a_stripped_library_has_its_dynamic_names);
    tcase_add_test(tests, a_changed_file_gives_no_names_but_a_remark);
    tcase_add_test(tests, a_file_that_lost_its_build_id_has_changed);
    tcase_add_test(tests, files_that_are_gone_or_no_objects_give_module_and_offset);
    tcase_add_test(tests, an_address_in_no_module_stays_a_number);
    tcase_add_test(tests, the_vdso_has_names);
    tcase_add_test(tests, no_descriptor_stays_open);
    return run_suite(tests);
}
