// What the kernel lists as one area may be memory of several: the program's own holds blocks, an allocator's
// doesn't, wherever one ends and the other begins. tests/programs/mapping_beside.h, by different allocators.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

enum { HELD = 200, LOST = 100 };

static const char *const programs[] = {"beside_glibc", "beside_jemalloc", "beside_tcmalloc",
                                       "beside_mimalloc"};
static const char *const memories[] = {"small_block",   "large_block", "threads_block",
                                       "program_break", "a_stack",     "an_ended_stack"};
enum { PROGRAMS = sizeof programs / sizeof *programs, MEMORIES = sizeof memories / sizeof *memories };

START_TEST(memory_of_the_program_right_beside_holds_its_block) {
    const char *program = programs[_i / MEMORIES], *memory = memories[_i % MEMORIES];
    struct seep_run ran = SEEP((_i + _i / MEMORIES) % WAYS, program, memory);
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s %s: %s", program, memory, ran.outcome.err);
    ck_assert_msg(blocks_of_size(ran.process, "reachable", HELD) == 1 &&
                      blocks_of_size(ran.process, "definite", LOST) > 0 &&
                      blocks_of_size(ran.process, "reachable", LOST) == 0,
                  "%s %s: %lld held, %lld lost, %lld not", program, memory,
                  blocks_of_size(ran.process, "reachable", HELD),
                  blocks_of_size(ran.process, "definite", LOST),
                  blocks_of_size(ran.process, "reachable", LOST));
}
END_TEST

START_TEST(an_object_that_serves_malloc_may_hold_blocks_in_its_own_memory) {
    struct seep_run ran = SEEP(_i, "serves_and_keeps");
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s", ran.outcome.err);
    ck_assert_int_eq(blocks_of_size(ran.process, "reachable", HELD), 1);
    ck_assert_int_eq(blocks_of_size(ran.process, "definite", LOST), 1);
}
END_TEST

START_TEST(code_made_at_run_time_holds_blocks_in_its_instructions) {
    static const char *const ways[] = {"writable", "protected"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct seep_run ran = SEEP(_i, "code_holds", ways[i]);
        ck_assert_msg(exit_status(&ran.outcome) == 0, "%s", ran.outcome.err);
        ck_assert_int_eq(blocks_of_size(ran.process, "reachable", HELD), 1);
        ck_assert_int_eq(blocks_of_size(ran.process, "definite", LOST), 1);
    }
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, memory_of_the_program_right_beside_holds_its_block, 0, PROGRAMS * MEMORIES);
    tcase_add_loop_test(tests, code_made_at_run_time_holds_blocks_in_its_instructions, 0, WAYS);
    tcase_add_loop_test(tests, an_object_that_serves_malloc_may_hold_blocks_in_its_own_memory, 0, WAYS);
}
SEEP_TEST_MAIN("roots")
