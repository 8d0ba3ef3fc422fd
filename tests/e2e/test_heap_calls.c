// Every heap call counts as the contract says, and behaves as without seep.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <string.h>

struct expectation {
    const char *name;                                // the program's case, and its function
    const char *call;                                // what the leaked block was acquired with; NULL: no leak
    long long allocations, frees, bytes;             // in all
    long long outstanding_blocks, outstanding_bytes; // at the end
};

static const struct expectation expectations[] = {
    {"nothing", NULL, 0, 0, 0, 0, 0},
    {"malloc_one", "malloc", 1, 0, 24, 1, 24},
    {"malloc_zero", "malloc", 1, 0, 0, 1, 0},
    {"malloc_fails", NULL, 0, 0, 0, 0, 0},
    {"calloc_three", "calloc", 1, 0, 24, 1, 24},
    {"calloc_zero", "calloc", 1, 0, 0, 1, 0},
    {"calloc_overflows", NULL, 0, 0, 0, 0, 0},
    {"calloc_after_dirty_free", "calloc", 3, 1, 3000, 2, 2000},
    {"realloc_from_null", "realloc", 1, 0, 40, 1, 40},
    {"realloc_null_to_zero", "realloc", 1, 0, 0, 1, 0},
    {"realloc_grows", "realloc", 2, 1, 1010, 1, 1000},
    {"realloc_shrinks", "realloc", 2, 1, 150, 1, 50},
    {"realloc_moves", "realloc", 3, 2, 200 + (1 << 20), 1, 1 << 20},
    {"realloc_fails", "malloc", 1, 0, 10, 1, 10},
    {"realloc_fails_then_free", NULL, 1, 1, 10, 0, 0},
    {"realloc_to_zero", NULL, 1, 1, 10, 0, 0},
    {"reallocarray_new", "reallocarray", 1, 0, 32, 1, 32},
    {"reallocarray_grows", "reallocarray", 2, 1, 96, 1, 64},
    {"reallocarray_overflows", "malloc", 1, 0, 32, 1, 32},
    {"memalign_64", "memalign", 1, 0, 100, 1, 100},
    {"memalign_fails", NULL, 0, 0, 0, 0, 0},
    {"aligned_alloc_64", "aligned_alloc", 1, 0, 128, 1, 128},
    {"posix_memalign_64", "posix_memalign", 1, 0, 100, 1, 100},
    {"posix_memalign_fails", NULL, 0, 0, 0, 0, 0},
    {"valloc_100", "valloc", 1, 0, 100, 1, 100},
    {"pvalloc_100", "pvalloc", 1, 0, 100, 1, 100},
    {"free_null", NULL, 0, 0, 0, 0, 0},
    {"every_aligned_kind_is_freed", NULL, 5, 5, 528, 0, 0},
    {"old_and_new_frees", NULL, 3, 3, 94, 0, 0},
    {"free_keeps_errno", NULL, 2, 2, 10 + (64 << 20), 0, 0},
};
enum { EXPECTATIONS = sizeof expectations / sizeof *expectations };

static void assert_site_of(const struct expectation *expected, const json_t *process) {
    size_t index;
    json_t *site;
    bool found = false;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        ck_assert_str_eq(frame_function(site, 0), expected->name);
        found = found || !strcmp(json_string_value(json_object_get(site, "call")), expected->call);
    }
    ck_assert_msg(found, "no site was acquired with %s", expected->call);
}

START_TEST(each_call_counts_as_the_contract_says) {
    const struct expectation *expected = &expectations[_i / WAYS];
    struct seep_run ran = SEEP(_i % WAYS, "heap_calls", expected->name);
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s: %s", expected->name, ran.outcome.err);
    assert_heap(ran.process, expected->allocations, expected->frees, expected->bytes,
                expected->outstanding_blocks, expected->outstanding_bytes);
    ck_assert_int_eq(heap(ran.process, "unmatched_frees"), 0);
    ck_assert(is_exact(ran.report));
    if (expected->call)
        assert_site_of(expected, ran.process);
    else
        ck_assert_uint_eq(json_array_size(json_object_get(ran.process, "sites")), 0);
}
END_TEST

static void assert_same_output_as_bare(enum way way, const char *name) {
    struct outcome bare = run(&(struct command){.argv = {program_path("heap_calls"), name}});
    struct seep_run ran = SEEP(way, "heap_calls", name);
    ck_assert_int_eq(exit_status(&bare), 0);
    ck_assert_uint_gt(strlen(bare.out), 0);
    ck_assert_int_eq(ran.outcome.status, bare.status);
    ck_assert_str_eq(ran.outcome.out, bare.out);
}

START_TEST(usable_sizes_are_the_allocators_own) {
    assert_same_output_as_bare(_i, "usable_size");
}
END_TEST

START_TEST(errno_after_each_call_is_as_without_seep) {
    assert_same_output_as_bare(_i, "errno_after_each");
}
END_TEST

START_TEST(every_form_of_new_and_delete_is_counted) {
    struct seep_run ran = SEEP(_i, "new_delete");
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s", ran.outcome.err);
    ck_assert(is_exact(ran.report));
    assert_heap_as_counted(ran.process, ran.outcome.err);
    ck_assert_int_eq(blocks_through(ran.process, "leak_scalar()"), 2);
    ck_assert_int_eq(bytes_through(ran.process, "leak_scalar()"), 2);
    ck_assert_int_eq(blocks_through(ran.process, "leak_arrays()"), 3);
    ck_assert_int_eq(bytes_through(ran.process, "leak_arrays()"), 1000 + 2000 + 58);
    ck_assert_int_eq(blocks_through(ran.process, "leak_aligned()"), 2);
    ck_assert_int_eq(bytes_through(ran.process, "leak_aligned()"), 3 * 256);
    ck_assert_int_eq(blocks_through(ran.process, "delete_all_forms()"), 0);
    ck_assert_int_eq(blocks_through(ran.process, "fail_both_ways()"), 0);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, each_call_counts_as_the_contract_says, 0, EXPECTATIONS * WAYS);
    tcase_add_loop_test(tests, usable_sizes_are_the_allocators_own, 0, WAYS);
    tcase_add_loop_test(tests, errno_after_each_call_is_as_without_seep, 0, WAYS);
    tcase_add_loop_test(tests, every_form_of_new_and_delete_is_counted, 0, WAYS);
}
SEEP_TEST_MAIN("heap calls")
