// Children whose parents die before they have said a word, and children whose ids are not what we see: each
// is in the report with its blocks, and the session ends when they have.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <string.h>
#include <unistd.h>

enum { TRIES = 20, CANNOT = 77 };

static void assert_all_there(const struct seep_run *ran) {
    ck_assert(is_exact(ran->report));
    ck_assert_uint_eq(processes_named(ran->report, "left_behind"), 3);
    size_t index, leaving = 0;
    json_t *process;
    json_array_foreach(json_object_get(ran->report, "processes"), index, process) leaving +=
        heap(process, "outstanding_bytes") == 21;
    ck_assert_uint_eq(leaving, 1);
}

START_TEST(a_child_whose_parent_dies_at_once) {
    struct seep_run ran = SEEP(WAY_RUN, "left_behind", "together");
    ck_assert_int_eq(exit_status(&ran.outcome), 3);
    assert_all_there(&ran);
}
END_TEST

START_TEST(a_child_that_sees_itself_as_the_first_process) {
    struct seep_run ran = SEEP(_i, "left_behind", "apart");
    if (exit_status(&ran.outcome) == CANNOT && geteuid() != 0)
        return; // needs privileges
    ck_assert_int_eq(exit_status(&ran.outcome), 3);
    assert_all_there(&ran);
}
END_TEST

// Nothing but its id, which is init's, tells that it has another namespace than its parent.
START_TEST(a_child_that_is_cloned_into_a_namespace_keeps_what_is_its_own) {
    struct seep_run ran = SEEP(_i, "cloned_apart");
    if (exit_status(&ran.outcome) == CANNOT && geteuid() != 0)
        return; // needs privileges
    ck_assert_int_eq(exit_status(&ran.outcome), 0);
    ck_assert(is_exact(ran.report));
    ck_assert_int_eq(heap(process_with_pid(ran.report, 1), "allocations"), 11);
    for (int pid = 2; pid < 12; pid++)
        ck_assert_int_eq(heap(process_with_pid(ran.report, pid), "allocations"), 2);
}
END_TEST

// seep and the program under the lowest ids there are, as in a container: those that the children tell of
// theirs are then somebody else's, seep's own or the program's.
START_TEST(ids_of_children_apart_are_those_of_others_here) {
    const struct command probe = {.argv = {"unshare", "--pid", "--fork", "--mount-proc", "true"}};
    struct outcome possible = run(&probe);
    if (exit_status(&possible) != 0)
        return; // needs privileges, and a root folder that is a mount
    const char *script = _i ? "\"$@\"; exit $?" : "exec \"$@\"";
    struct seep_run ran = {.outcome = run(&(struct command){
                               .argv = {"unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", script,
                                        "sh", seep_path(), "run", "--format", text("json=%s", report_path()),
                                        program_path("left_behind"), "apart"}})};
    ck_assert_int_eq(exit_status(&ran.outcome), 3);
    ran.report = report_load(report_path());
    assert_all_there(&ran);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, a_child_whose_parent_dies_at_once, 0, TRIES);
    tcase_add_loop_test(tests, a_child_that_sees_itself_as_the_first_process, 0, WAYS);
    tcase_add_loop_test(tests, a_child_that_is_cloned_into_a_namespace_keeps_what_is_its_own, 0, WAYS);
    tcase_add_loop_test(tests, ids_of_children_apart_are_those_of_others_here, 0, 2);
}
SEEP_TEST_MAIN("left behind")
