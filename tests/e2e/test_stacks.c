// Stacks are complete: from the caller of malloc to main or the thread's start, for -O2 code without frame
// pointers.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <string.h>

static struct seep_run good_run(enum way way, const char *program, const char *argument) {
    struct seep_run ran = SEEP(way, program, argument);
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s: %d %s", program, exit_status(&ran.outcome),
                  ran.outcome.err);
    ck_assert_ptr_nonnull(ran.process);
    ck_assert_int_eq(json_integer_value(json_object_get(ran.process, "truncated_stacks")), 0);
    return ran;
}

static const json_t *leak_of(enum way way, const char *argument) {
    struct seep_run ran = good_run(way, "frames_c", argument);
    ck_assert_int_eq(blocks_through(ran.process, "leak_here"), 1);
    return site_from(ran.process, "leak_here");
}

START_TEST(through_frames_of_every_shape) {
    const json_t *site = leak_of(_i, "plain");
    ASSERT_STACK(site, "leak_here", "saves_registers", "has_a_large_frame", "has_a_variable_frame", "plain",
                 "main");
}
END_TEST

// Frames of libc may lack names where it is stripped; they lie between the two runs of named ones.
static void assert_inner_and_outer(const json_t *site, const char *const *inner, const char *const *outer) {
    size_t depth = json_array_size(json_object_get(site, "frames")), at = 0;
    assert_stack(site, inner);
    while (at < depth && strcmp(frame_function(site, at), outer[0]) != 0)
        at++;
    for (size_t i = 0; outer[i]; i++)
        ck_assert_msg(!strcmp(frame_function(site, at + i), outer[i]), "%s is missing in\n%s", outer[i],
                      stack_text(site));
}
#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

START_TEST(of_a_program_that_the_loader_is_told_to_run) {
    struct seep_job job = {.program = {.argv = {loader_path(), "--argv0", "other", "./frames_c", "plain"},
                                       .cwd = text("%s/tests/programs", build_directory())}};
    struct seep_run ran = seep_run_job(_i, &job);
    const json_t *process = process_named(ran.report, "frames_c");
    ck_assert_ptr_nonnull(process);
    const json_t *site = site_from(process, "leak_here");
    ASSERT_STACK(site, "leak_here", "saves_registers", "has_a_large_frame", "has_a_variable_frame", "plain",
                 "main");
    const char *module = json_string_value(json_object_get(frame_of(site, "leak_here"), "module"));
    ck_assert_str_eq(module, program_path("frames_c"));
}
END_TEST

START_TEST(through_qsort) {
    const json_t *site = leak_of(_i, "qsort");
    assert_inner_and_outer(site, NAMES("leak_here", "compare_and_leak"), NAMES("through_qsort", "main"));
    ck_assert_str_eq(frame_function(site, json_array_size(json_object_get(site, "frames")) - 1), "_start");
}
END_TEST

START_TEST(through_a_library_that_calls_back) {
    const json_t *site = leak_of(_i, "library");
    ASSERT_STACK(site, "leak_here", "called_back", "library_inner", "library_calls_back", "through_library",
                 "main");
    const char *module = json_string_value(json_object_get(frame_of(site, "library_inner"), "module"));
    ck_assert_ptr_nonnull(strstr(module, "libs/callback.so"));
}
END_TEST

START_TEST(to_the_threads_start) {
    const json_t *site = leak_of(_i, "thread");
    ASSERT_STACK(site, "leak_here", "thread_start");
    size_t depth = json_array_size(json_object_get(site, "frames"));
    ck_assert_uint_eq(depth, 4); // start_thread and clone, which libc may not name
    ck_assert_ptr_null(frame_of(site, "main"));
}
END_TEST

START_TEST(from_an_atexit_handler) {
    const json_t *site = leak_of(_i, "atexit");
    ASSERT_STACK(site, "leak_here", "at_exit");
    ck_assert_str_eq(frame_function(site, json_array_size(json_object_get(site, "frames")) - 1), "_start");
}
END_TEST

START_TEST(of_a_recursion_whole) {
    const json_t *site = leak_of(_i, "deep");
    size_t recursions = 0, depth = json_array_size(json_object_get(site, "frames"));
    for (size_t i = 0; i < depth; i++)
        recursions += !strcmp(frame_function(site, i), "recurse");
    ck_assert_uint_eq(recursions, 101);
    assert_inner_and_outer(site, NAMES("leak_here", "recurse"), NAMES("deep", "main"));
}
END_TEST

START_TEST(of_a_recursion_cut_to_depth_keep_both_ends) {
    struct seep_job job = {.program = {.argv = {program_path("frames_c"), "deep"}},
                           .options = {"--depth", "10"}};
    struct seep_run ran = seep_run_job(_i, &job);
    json_t *site = site_from(ran.process, "leak_here");
    size_t depth = json_array_size(json_object_get(site, "frames"));
    ck_assert_uint_ge(depth, 9);
    ck_assert_uint_le(depth, 11); // ten and, if it is shown, the gap
    ck_assert_str_eq(frame_function(site, 1), "recurse");
    ck_assert_msg(frame_of(site, "main") != NULL, "%s", stack_text(site));
    ck_assert_str_eq(frame_function(site, depth - 1), "_start");
}
END_TEST

START_TEST(through_cxx_templates_and_virtual_calls) {
    struct seep_run ran = good_run(_i, "frames_cxx", NULL);
    const json_t *site = site_through(ran.process, "draw_it(shape&)");
    ASSERT_STACK(site, "operator new(unsigned long)", "void pictures::fill<unsigned long>(unsigned long)",
                 "pictures::circle::draw(int)", "draw_it(shape&)", "main");
    const json_t *constructed = site_from(ran.process, "global_object::global_object()");
    ASSERT_STACK(constructed, "global_object::global_object()");
    ASSERT_STACK(site_from(ran.process, "catch_and_leak()"), "catch_and_leak()", "main");
}
END_TEST

START_TEST(exceptions_of_a_cxx_library_in_a_c_program_work) {
    struct seep_run ran = good_run(_i, "exceptions_in_c_program", NULL);
    ck_assert(is_exact(ran.report));
    assert_heap_as_counted(ran.process, ran.outcome.err);
}
END_TEST

static void assert_line(const json_t *site, const char *function, const char *comment) {
    char *source = file_read("tests/programs/frames_inlined.c", NULL);
    ck_assert_msg(source != NULL, "run tests from the top of the source tree");
    char *at = strstr(source, comment);
    ck_assert_ptr_nonnull(at);
    int line = 1;
    for (char *c = source; c < at; c++)
        line += *c == '\n';
    json_t *frame = frame_of(site, function);
    ck_assert_msg(frame != NULL, "%s is missing in\n%s", function, stack_text(site));
    ck_assert_msg(json_integer_value(json_object_get(frame, "line")) == line, "%s is at line %lld, not %d",
                  function, (long long)json_integer_value(json_object_get(frame, "line")), line);
}

START_TEST(inlined_functions_are_frames) {
    struct seep_run ran = good_run(_i, "frames_inlined", NULL);
    const json_t *site = site_from(ran.process, "inlined_inner");
    ASSERT_STACK(site, "inlined_inner", "inlined_outer", "holds_inlined", "main");
    ck_assert(json_is_true(json_object_get(frame_of(site, "inlined_inner"), "inlined")));
    ck_assert(json_is_true(json_object_get(frame_of(site, "inlined_outer"), "inlined")));
    ck_assert(json_is_false(json_object_get(frame_of(site, "holds_inlined"), "inlined")));
    assert_line(site, "inlined_inner", "// line of inlined_inner");
    assert_line(site, "inlined_outer", "// line of inlined_outer");
    assert_line(site, "holds_inlined", "// line of holds_inlined");
    assert_line(site, "main", "// line of main's first call");
}
END_TEST

START_TEST(the_line_is_the_calls_not_the_returns) {
    struct seep_run ran = good_run(_i, "frames_inlined", NULL);
    const json_t *site = site_from(ran.process, "never_returns");
    ASSERT_STACK(site, "never_returns", "call_is_last", "main");
    assert_line(site, "never_returns", "// line of never_returns");
    assert_line(site, "call_is_last", "// line of call_is_last");
    assert_line(site, "main", "// line of main's second call");
}
END_TEST

START_TEST(a_library_that_was_unloaded_keeps_its_names) {
    struct seep_job job = {.program = {.argv = {program_path("frames_unloaded"), program_library("plugin"),
                                                program_library("other_plugin")}}};
    struct seep_run ran = seep_run_job(_i, &job);
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s", ran.outcome.err);
    ck_assert_int_eq(bytes_through(ran.process, "plugin_inner"), 3 * 90);
    ck_assert_int_eq(bytes_through(ran.process, "other_plugin_inner"), 3 * 110);
    ASSERT_STACK(site_from(ran.process, "plugin_inner"), "plugin_inner", "plugin_leaks", "use", "main");
    ASSERT_STACK(site_from(ran.process, "other_plugin_inner"), "other_plugin_inner", "other_plugin_leaks",
                 "use", "main");
}
END_TEST

START_TEST(of_a_program_whose_segments_lie_apart) {
    struct seep_run ran = SEEP(_i, "segments_apart");
    const json_t *site = site_from(ran.process, "forget");
    ASSERT_STACK(site, "forget", "main");
    // Its notes lie in another segment than its code.
    ck_assert(json_is_string(json_object_get(frame_of(site, "forget"), "build_id")));
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, through_frames_of_every_shape, 0, WAYS);
    tcase_add_loop_test(tests, of_a_program_that_the_loader_is_told_to_run, 0, WAYS);
    tcase_add_loop_test(tests, through_qsort, 0, WAYS);
    tcase_add_loop_test(tests, through_a_library_that_calls_back, 0, WAYS);
    tcase_add_loop_test(tests, to_the_threads_start, 0, WAYS);
    tcase_add_loop_test(tests, from_an_atexit_handler, 0, WAYS);
    tcase_add_loop_test(tests, of_a_recursion_whole, 0, WAYS);
    tcase_add_loop_test(tests, of_a_recursion_cut_to_depth_keep_both_ends, 0, WAYS);
    tcase_add_loop_test(tests, through_cxx_templates_and_virtual_calls, 0, WAYS);
    tcase_add_loop_test(tests, exceptions_of_a_cxx_library_in_a_c_program_work, 0, WAYS);
    tcase_add_loop_test(tests, inlined_functions_are_frames, 0, WAYS);
    tcase_add_loop_test(tests, the_line_is_the_calls_not_the_returns, 0, WAYS);
    tcase_add_loop_test(tests, a_library_that_was_unloaded_keeps_its_names, 0, WAYS);
    tcase_add_loop_test(tests, of_a_program_whose_segments_lie_apart, 0, WAYS);
}
SEEP_TEST_MAIN("stacks")
