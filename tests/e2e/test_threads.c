// Threads and fibers, however they begin and end: every call is counted once, by seep and by the program's
// own count.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

static struct seep_run matched_run(enum way way, const char *program) {
    struct seep_run ran = exact_run(way, program, NULL);
    ck_assert_int_eq(heap(ran.process, "unmatched_frees"), 0);
    return ran;
}

static struct seep_run counted_run(enum way way, const char *program) {
    struct seep_run ran = matched_run(way, program);
    assert_heap_as_counted(ran.process, ran.outcome.err);
    return ran;
}

START_TEST(a_thousand_short_lived_threads) {
    struct seep_run ran = counted_run(_i, "threads_short_lived");
    ck_assert_int_eq(blocks_through(ran.process, "thread_work"), 3000);
    ck_assert_int_eq(bytes_through(ran.process, "thread_work"), 96000);
}
END_TEST

START_TEST(threads_free_what_others_allocate) {
    struct seep_run ran = counted_run(_i, "threads_cross_free");
    ck_assert_int_eq(blocks_through(ran.process, "make_block"), 5);
    ck_assert_int_eq(bytes_through(ran.process, "make_block"), 500);
}
END_TEST

START_TEST(destructors_of_thread_local_objects) {
    struct seep_run ran = counted_run(_i, "thread_destructors");
    ck_assert_int_eq(blocks_through(ran.process, "leak_in_destructor()"), 50);
    ck_assert_int_eq(bytes_through(ran.process, "leak_in_destructor()"), 3600);
    ck_assert_int_eq(blocks_through(ran.process, "owner::~owner()"), 50);
}
END_TEST

START_TEST(destructors_of_thread_keys_that_arm_themselves_again) {
    struct seep_run ran = counted_run(_i, "thread_key_destructors");
    ck_assert_int_eq(blocks_through(ran.process, "leak_in_round"), 200);
    ck_assert_int_eq(blocks_through(ran.process, "destructor"), 200 + 50);
}
END_TEST

START_TEST(threads_that_are_cancelled_exit_or_are_detached) {
    struct seep_run ran = matched_run(_i, "threads_ended");
    ck_assert_int_eq(blocks_through(ran.process, "leak_before_cancel"), 11);
    ck_assert_int_eq(blocks_through(ran.process, "leak_before_exit"), 12);
    ck_assert_int_eq(blocks_through(ran.process, "leak_detached"), 13);
    ck_assert_int_eq(blocks_through(ran.process, "cancelled"), 11); // its clean-up handler freed the rest
}
END_TEST

START_TEST(fibers_on_their_own_stacks) {
    struct seep_run ran = counted_run(_i, "fibers");
    ck_assert_int_eq(blocks_through(ran.process, "leak_on_fiber"), 100);
    json_t *site = site_from(ran.process, "leak_on_fiber");
    ASSERT_STACK(site, "leak_on_fiber", "visit", "fiber_main");
    ck_assert_int_eq(heap(ran.process, "outstanding_bytes") - bytes_through(ran.process, "leak_on_fiber"),
                     bytes_through(ran.process, "visit") - bytes_through(ran.process, "leak_on_fiber"));
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, a_thousand_short_lived_threads, 0, WAYS);
    tcase_add_loop_test(tests, threads_free_what_others_allocate, 0, WAYS);
    tcase_add_loop_test(tests, destructors_of_thread_local_objects, 0, WAYS);
    tcase_add_loop_test(tests, destructors_of_thread_keys_that_arm_themselves_again, 0, WAYS);
    tcase_add_loop_test(tests, threads_that_are_cancelled_exit_or_are_detached, 0, WAYS);
    tcase_add_loop_test(tests, fibers_on_their_own_stacks, 0, WAYS);
}
SEEP_TEST_MAIN("threads")
