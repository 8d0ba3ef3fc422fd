// --depth keeps the innermost and the outermost frames of stacks of any depth, at both ends of its range.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <string.h>

static const struct {
    const char *depth;
    size_t frames;
} depths[] = {{"2", 2}, {"3", 3}, {"256", 256}, {"2047", 2047}, {"2048", 2048}};
enum { DEPTHS = sizeof depths / sizeof *depths };

START_TEST(a_deep_stack_keeps_both_its_ends) {
    const char *recursions[] = {"2046", "5000", "60000"};
    for (size_t i = 0; i < sizeof recursions / sizeof *recursions; i++) {
        struct seep_job job = {.program = {.argv = {program_path("deep_recursion"), recursions[i]}},
                               .options = {"--depth", depths[_i / WAYS].depth}};
        struct seep_run ran = seep_run_job(_i % WAYS, &job);
        ck_assert_msg(exit_status(&ran.outcome) == 0, "%s under %s", ran.outcome.err, recursions[i]);
        json_t *site = site_from(ran.process, "down");
        ck_assert_ptr_nonnull(site);
        ck_assert_uint_eq(json_array_size(json_object_get(site, "frames")), depths[_i / WAYS].frames);
        ck_assert_str_eq(frame_function(site, depths[_i / WAYS].frames - 1), "_start");
        ck_assert(is_exact(ran.report));
    }
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, a_deep_stack_keeps_both_its_ends, 0, DEPTHS * WAYS);
}

SEEP_TEST_MAIN("depth")
