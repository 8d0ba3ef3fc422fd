// Signal handlers that allocate: nothing deadlocks, nothing is lost, and their stacks lead through the
// handler to main.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <stdio.h>
#include <string.h>

START_TEST(a_handler_interrupts_recording_and_every_count_matches) {
    struct seep_run ran = SEEP(_i, "signal_allocates");
    long long allocations, frees, bytes, kept;
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s", ran.outcome.err);
    ck_assert_int_eq(sscanf(ran.outcome.out, "%lld %lld %lld %lld", &allocations, &frees, &bytes, &kept), 4);
    ck_assert_int_ge(kept, 300);
    ck_assert(is_exact(ran.report));
    ck_assert_int_eq(heap(ran.process, "allocations"), allocations);
    ck_assert_int_eq(heap(ran.process, "frees"), frees);
    ck_assert_int_eq(heap(ran.process, "allocated_bytes"), bytes);
    ck_assert_int_eq(heap(ran.process, "unmatched_frees"), 0);
    ck_assert_int_eq(blocks_through(ran.process, "keep_in_handler"), kept);
}
END_TEST

static void assert_leads_to_main(const json_t *site) {
    ASSERT_STACK(site, "leak_in_handler", "handler");
    ck_assert_msg(frame_of(site, "interrupted") && frame_of(site, "main"), "%s", stack_text(site));
    size_t depth = json_array_size(json_object_get(site, "frames"));
    ck_assert_str_eq(frame_function(site, depth - 1), "_start");
}

START_TEST(a_handlers_stack_leads_through_the_interrupted_code_to_main) {
    struct seep_run ran = SEEP(_i, "signal_stacks");
    assert_leads_to_main(site_from(ran.process, "leak_in_handler"));
}
END_TEST

START_TEST(a_handler_on_an_alternate_stack_leads_to_main) {
    struct seep_run ran = SEEP(_i, "signal_stacks", "alternate");
    assert_leads_to_main(site_from(ran.process, "leak_in_handler"));
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, a_handler_interrupts_recording_and_every_count_matches, 0, WAYS);
    tcase_add_loop_test(tests, a_handlers_stack_leads_through_the_interrupted_code_to_main, 0, WAYS);
    tcase_add_loop_test(tests, a_handler_on_an_alternate_stack_leads_to_main, 0, WAYS);
}
SEEP_TEST_MAIN("signals")
