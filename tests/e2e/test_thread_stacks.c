// The stack of a thread that ended and was neither joined nor detached is left at the call that made the
// thread. No other thread's is.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <string.h>

enum { STACK = 256 << 10 };

static long long map_total(const json_t *process, const char *figure) {
    json_t *value = json_object_get(json_object_get(json_object_get(process, "totals"), "map"), figure);
    ck_assert_msg(json_is_integer(value), "totals.map has no %s", figure);
    return json_integer_value(value);
}

// The one site of mappings that were made through a function, by this call.
static const json_t *site_made(const json_t *process, const char *through, const char *call) {
    size_t index;
    json_t *site;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        if (frame_of(site, through) && !strcmp(json_string_value(json_object_get(site, "call")), call)) {
            ck_assert_str_eq(json_string_value(json_object_get(site, "kind")), "map");
            ck_assert_str_eq(json_string_value(json_object_get(site, "verdict")), "mapped");
            return site;
        }
    }
    ck_abort_msg("%s left nothing through %s", call, through);
    return NULL;
}

static long long figure_of(const json_t *site, const char *figure) {
    return json_integer_value(json_object_get(site, figure));
}

START_TEST(stacks_of_forgotten_threads_and_no_others) {
    struct seep_run run = SEEP(_i, "thread_stacks", "all");
    ck_assert_msg(exit_status(&run.outcome) == 0, "%s", run.outcome.err);
    ck_assert(is_exact(run.report));
    const json_t *forgotten = site_made(run.process, "forgets", "pthread_create");
    ck_assert_int_eq(figure_of(forgotten, "count"), 50);
    ck_assert_int_ge(figure_of(forgotten, "bytes"), 50LL * STACK);
    ck_assert_int_gt(figure_of(forgotten, "resident_bytes"), 0);
    const json_t *c11 = site_made(run.process, "forgets_c11", "thrd_create");
    ck_assert_int_eq(figure_of(c11, "count"), 3);
    ck_assert_int_eq(map_total(run.process, "outstanding_regions"), 53);
}
END_TEST

START_TEST(who_is_cancelled_while_it_joins_leaves_it_to_others) {
    struct seep_run run = SEEP(_i, "thread_stacks", "cancelled");
    ck_assert_msg(exit_status(&run.outcome) == 0, "%s", run.outcome.err);
    ck_assert(is_exact(run.report));
    ck_assert_int_eq(map_total(run.process, "outstanding_regions"), 0);
}
END_TEST

START_TEST(a_forked_childs_threads_are_its_own) {
    struct seep_run run = SEEP(_i, "thread_stacks", "fork");
    ck_assert_msg(exit_status(&run.outcome) == 0, "%s", run.outcome.err);
    ck_assert_uint_eq(processes_named(run.report, "thread_stacks"), 2);
    size_t index;
    json_t *process;
    json_array_foreach(json_object_get(run.report, "processes"), index, process) {
        bool child = !strcmp(json_string_value(json_object_get(process, "begin")), "fork");
        ck_assert_int_eq(map_total(process, "outstanding_regions"), child ? 2 : 7);
    }
}
END_TEST

START_TEST(of_threads_that_were_not_looked_at_nothing_is_said) {
    struct seep_run run =
        seep_run_job(_i, &(struct seep_job){.program = {.argv = {program_path("thread_stacks"), "all"}},
                                            .options = {"--verdict=off"}});
    ck_assert_int_eq(exit_status(&run.outcome), 0);
    ck_assert_int_eq(map_total(run.process, "outstanding_regions"), 0);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, stacks_of_forgotten_threads_and_no_others, 0, WAYS);
    tcase_add_loop_test(tests, who_is_cancelled_while_it_joins_leaves_it_to_others, 0, WAYS);
    tcase_add_loop_test(tests, a_forked_childs_threads_are_its_own, 0, WAYS);
    tcase_add_loop_test(tests, of_threads_that_were_not_looked_at_nothing_is_said, 0, WAYS);
}

SEEP_TEST_MAIN("thread stacks")
