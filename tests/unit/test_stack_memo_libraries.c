// links: preload/stack.c preload/stack_memo.c preload/stack_compare.c preload/stack_table.c preload/attach.c
// links: preload/unwind.c preload/unwind_step.c preload/unwind_learn.c preload/unwind_objects.c
// links: preload/go_modules.c preload/go_rules.c preload/unwind_go.c
// links: preload/unwind_gate.c preload/derive.c preload/frame_rules.c analyzer/family.c
// flags: -pthread
//
// The memo where code comes and goes: what is remembered of a library's frames is not taken for those of
// another that lies at the same place.
#include "tests/lib/suite.h"
#include "tests/unit/stack_memo_fixture.h"

static void callback(void) {
    leaf();
}

static void call_through(void *library) {
    void (*call_back)(void (*)(void));
    *(void **)&call_back = dlsym(library, "call_back");
    ck_assert_ptr_nonnull(call_back);
    for (int i = 0, calls = 2 + sink; i < calls; i++) // one call site
        call_back(callback);
    dlclose(library);
    unwind_forget_unloaded();
    module_note_unload();
}

START_TEST(libraries_at_the_same_address) {
    for (int i = 0; i < 20; i++) {
        call_through(fixture_open(i % 2 ? "stack_first.so" : "stack_second.so"));
        leaf();
    }
    check_all_equal(60);
}
END_TEST

static void copy_file(const char *from, const char *to) {
    char buffer[4096];
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    ck_assert(in && out);
    for (size_t got; (got = fread(buffer, 1, sizeof buffer, in));)
        ck_assert_uint_eq(fwrite(buffer, 1, got, out), got);
    fclose(in);
    ck_assert_int_eq(fclose(out), 0);
}

// The same code at the same place, so that the stacks are the same in all but the library's name.
START_TEST(a_copy_of_a_library_takes_its_place) {
    char folder[] = "/tmp/seep-test-XXXXXX", copy[64];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(copy, sizeof copy, "%s/stack_second.so", folder);
    void *first = fixture_open("stack_first.so");
    struct link_map *map;
    ck_assert_int_eq(dlinfo(first, RTLD_DI_LINKMAP, &map), 0);
    copy_file(map->l_name, copy);
    uintptr_t at = map->l_addr;
    for (int i = 0; i < 10; i++) {
        void *library = first;
        ck_assert_int_eq(dlinfo(library, RTLD_DI_LINKMAP, &map), 0);
        ck_assert_uint_eq(map->l_addr, at);
        call_through(library);
        first = i % 2 ? fixture_open("stack_first.so") : dlopen(copy, RTLD_NOW | RTLD_LOCAL);
        ck_assert_ptr_nonnull(first);
    }
    unlink(copy);
    rmdir(folder);
    check_all_equal(20);
}
END_TEST

// Memory that held code without a module, and then a library: nobody tells.
START_TEST(a_module_is_looked_up_again_where_none_was) {
    struct stack_memo *memo = &thread->scratch.memo;
    ck_assert_uint_eq(stack_memo_module(memo, 0x1000, false), 0);
    ck_assert_uint_eq(memo->seen[(0x1000 ^ 0x1000 >> 9) % MEMO_SEEN].pc, 0);
    ck_assert_uint_eq(stack_memo_module(memo, (uintptr_t)leaf, false), 3);
    stack_memo_begin(memo);
    for (int i = 0; i < MEMO_SEEN; i++)
        ck_assert_uint_eq(memo->seen[i].pc, 0);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, libraries_at_the_same_address);
    tcase_add_test(tests, a_copy_of_a_library_takes_its_place);
    tcase_add_test(tests, a_module_is_looked_up_again_where_none_was);
}
SEEP_TEST_MAIN("stack_memo_libraries")
