// C++'s operators new and delete, whoever defines them: each block is counted once, under the call that the
// program made, and its stack begins at the caller.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <string.h>

static const char *const allocators[] = {"allocator_new_jemalloc", "allocator_new_tcmalloc",
                                         "allocator_new_mimalloc"};
enum { ALLOCATORS = sizeof allocators / sizeof *allocators };

// What allocator_new.h leaves behind.
static const struct leak {
    const char *function, *call;
    long long bytes;
} leaks[] = {
    {"leak_new()", "operator new", 24},
    {"leak_new_array()", "operator new[]", 25},
    {"leak_new_nothrow()", "operator new", 26},
    {"leak_new_array_nothrow()", "operator new[]", 27},
    {"leak_new_aligned()", "operator new", 256},
    {"leak_new_array_aligned()", "operator new[]", 512},
    {"leak_new_aligned_nothrow()", "operator new", 256},
    {"leak_new_array_aligned_nothrow()", "operator new[]", 512},
};
enum { LEAKS = sizeof leaks / sizeof *leaks, LEAKED_BYTES = 24 + 25 + 26 + 27 + 2 * (256 + 512) };
enum { DELETED = 12, DELETED_BYTES = 6 * 40 + 6 * 64 };

static const char *call_of(const json_t *site) {
    return json_string_value(json_object_get(site, "call"));
}

// What the program does beyond what it does idle. Returns the busy run.
static struct seep_run assert_work(enum way way, const char *program, long long allocations, long long frees,
                                   long long bytes) {
    static const char *const figures[] = {"allocations", "frees", "allocated_bytes", "outstanding_blocks",
                                          "unmatched_frees"};
    const long long expected[] = {allocations, frees, bytes, allocations - frees, 0};
    struct seep_run idle = exact_run(way, program, "idle"), work = exact_run(way, program, "work");
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        long long got = heap(work.process, figures[i]) - heap(idle.process, figures[i]);
        ck_assert_msg(got == expected[i], "%s: %s: %lld, not %lld", program, figures[i], got, expected[i]);
    }
    for (size_t i = 0; i < LEAKS; i++) {
        ck_assert_msg(blocks_through(work.process, leaks[i].function) == 1, "%s: %s", program,
                      leaks[i].function);
        ck_assert_int_eq(bytes_through(work.process, leaks[i].function), leaks[i].bytes);
    }
    ck_assert_int_eq(blocks_through(work.process, "delete_every_form()"), 0);
    return work;
}

START_TEST(an_allocators_own_new_is_recorded_once_from_its_caller) {
    struct seep_run work =
        assert_work(_i % WAYS, allocators[_i / WAYS], LEAKS + DELETED, DELETED, LEAKED_BYTES + DELETED_BYTES);
    for (size_t i = 0; i < LEAKS; i++) {
        const json_t *site = site_through(work.process, leaks[i].function);
        ASSERT_STACK(site, leaks[i].function, "allocator_new_work(int, char**)", "main");
        ck_assert_str_eq(call_of(site), leaks[i].call);
    }
}
END_TEST

START_TEST(the_runtimes_new_is_recorded_once_as_malloc) {
    struct seep_run work =
        assert_work(_i, "allocator_new_plain", LEAKS + DELETED, DELETED, LEAKED_BYTES + DELETED_BYTES);
    const json_t *site = site_through(work.process, "leak_new()");
    ck_assert_str_eq(call_of(site), "malloc");
    ASSERT_STACK(site, "operator new(unsigned long)", "leak_new()", "allocator_new_work(int, char**)",
                 "main");
    ck_assert_str_eq(call_of(site_through(work.process, "leak_new_aligned()")), "aligned_alloc");
}
END_TEST

START_TEST(a_programs_own_new_is_recorded_once_as_malloc) {
    struct seep_run work =
        assert_work(_i, "allocator_new_own", LEAKS + DELETED, DELETED, LEAKED_BYTES + DELETED_BYTES);
    const json_t *site = site_through(work.process, "leak_new()");
    ck_assert_str_eq(call_of(site), "malloc");
    ASSERT_STACK(site, "operator new(unsigned long)", "leak_new()", "allocator_new_work(int, char**)",
                 "main");
}
END_TEST

START_TEST(calls_within_calls_count_once) {
    // Beyond the forms of new: calloc; malloc and realloc; 10,000 blocks deleted or reallocated and freed;
    // calloc and realloc.
    struct seep_run work =
        assert_work(_i, "allocator_new_nested", LEAKS + DELETED + 1 + 2 + 15000 + 2, DELETED + 1 + 15000 + 2,
                    LEAKED_BYTES + DELETED_BYTES + 150 + 660 + 10000 * 8 + 5000 * 16 + 770);
    static const struct leak outer[] = {{"leak_new()", "operator new", 24},
                                        {"leak_new_array()", "operator new[]", 25},
                                        {"leak_calloc()", "calloc", 150},
                                        {"leak_realloc()", "realloc", 600}};
    for (size_t i = 0; i < sizeof outer / sizeof *outer; i++) {
        const json_t *site = site_from(work.process, outer[i].function);
        ck_assert_msg(site != NULL, "no stack begins at %s", outer[i].function);
        ck_assert_str_eq(call_of(site), outer[i].call);
        ck_assert_int_eq(bytes_through(work.process, outer[i].function), outer[i].bytes);
    }
    ck_assert_int_eq(blocks_through(work.process, "free_old_blocks()"), 0);
}
END_TEST

static struct seep_run late_run(enum way way, const char *library, int times) {
    struct seep_run ran = exact_run(way, "allocator_new_late", program_library(library));
    ck_assert_int_eq(heap(ran.process, "unmatched_frees"), 0);
    ck_assert_int_eq(blocks_through(ran.process, "late_leaks()"), 2 * times);
    ck_assert_int_eq(bytes_through(ran.process, "late_leaks()"), times * (70 + 80));
    ck_assert_int_eq(blocks_through(ran.process, "late_deletes()"), 0);
    return ran;
}

START_TEST(a_cxx_library_that_a_c_program_loads_finds_its_runtime) {
    struct seep_run ran = late_run(_i, "late_cxx", 2);
    const json_t *site = site_through(ran.process, "late_leaks()");
    ASSERT_STACK(site_from(ran.process, "operator new(unsigned long)"), "operator new(unsigned long)");
    ck_assert_str_eq(call_of(site), "malloc");
    ck_assert_ptr_nonnull(frame_of(site, "main"));
    ck_assert_ptr_null(frame_of(site, "_Znwm_rest"));
}
END_TEST

START_TEST(a_cxx_library_that_a_c_program_loads_keeps_its_own_new) {
    struct seep_run ran = late_run(_i, "late_own_cxx", 1);
    const json_t *site = site_from(ran.process, "late_leaks()");
    ASSERT_STACK(site, "late_leaks()", "late_work", "use", "main");
    ck_assert_str_eq(call_of(site), "operator new");
}
END_TEST

START_TEST(operators_that_nobody_defines_are_malloc_and_free) {
    struct seep_run ran = exact_run(_i, "operators_without_runtime", NULL);
    struct outcome bare = run(&(struct command){.argv = {program_path("operators_without_runtime")}});
    ck_assert_str_eq(bare.out, "0\n");
    ck_assert_str_eq(ran.outcome.out, "44\n");
    ck_assert_int_eq(heap(ran.process, "unmatched_frees"), 0);
    ck_assert_int_eq(blocks_through(ran.process, "make"), 8);
    ck_assert_int_eq(bytes_through(ran.process, "make"), 8 * 40);
    ck_assert_str_eq(frame_function(site_through(ran.process, "make"), 0), "make");
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, an_allocators_own_new_is_recorded_once_from_its_caller, 0, ALLOCATORS * WAYS);
    tcase_add_loop_test(tests, the_runtimes_new_is_recorded_once_as_malloc, 0, WAYS);
    tcase_add_loop_test(tests, a_programs_own_new_is_recorded_once_as_malloc, 0, WAYS);
    tcase_add_loop_test(tests, calls_within_calls_count_once, 0, WAYS);
    tcase_add_loop_test(tests, a_cxx_library_that_a_c_program_loads_finds_its_runtime, 0, WAYS);
    tcase_add_loop_test(tests, a_cxx_library_that_a_c_program_loads_keeps_its_own_new, 0, WAYS);
    tcase_add_loop_test(tests, operators_that_nobody_defines_are_malloc_and_free, 0, WAYS);
}
SEEP_TEST_MAIN("operators new and delete")
