// A program that links an allocator of its own keeps it, and its blocks are counted all the same.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

static const char *const allocators[] = {"allocator_jemalloc", "allocator_tcmalloc", "allocator_mimalloc"};
enum { ALLOCATORS = sizeof allocators / sizeof *allocators };

START_TEST(an_allocator_of_its_own_is_kept_and_counted_exactly) {
    const char *program = allocators[_i / WAYS];
    struct seep_run idle = exact_run(_i % WAYS, program, "idle");
    struct seep_run work = exact_run(_i % WAYS, program, "work");
    // 1,000 blocks; posix_memalign, calloc, memalign, aligned_alloc; malloc and realloc twice.
    ck_assert_int_eq(heap(work.process, "allocations") - heap(idle.process, "allocations"), 1000 + 4 + 3);
    ck_assert_int_eq(heap(work.process, "frees") - heap(idle.process, "frees"), 900 + 4 + 2);
    ck_assert_int_eq(heap(work.process, "allocated_bytes") - heap(idle.process, "allocated_bytes"),
                     48000 + 500 + 100 + 100 + 128 + 10 + 100000 + 20);
    ck_assert_int_eq(heap(work.process, "outstanding_blocks") - heap(idle.process, "outstanding_blocks"),
                     101);
    ck_assert_int_eq(heap(work.process, "unmatched_frees"), heap(idle.process, "unmatched_frees"));
    ck_assert_int_eq(blocks_through(work.process, "work_on_blocks"), 100);
    ck_assert_int_eq(bytes_through(work.process, "work_on_blocks"), 4800);
    ck_assert_int_eq(blocks_through(work.process, "work_on_other_kinds"), 1);
    ck_assert_int_eq(bytes_through(work.process, "work_on_other_kinds"), 20);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, an_allocator_of_its_own_is_kept_and_counted_exactly, 0, ALLOCATORS * WAYS);
}
SEEP_TEST_MAIN("allocators")
