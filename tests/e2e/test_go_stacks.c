// Stacks go on through Go: from C, over the cgo call, to the goroutine's start, in every build of a Go
// program, and over calls back and forth. The truth is what the Go runtime says of the same way.
#include "tests/lib/real.h"
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <stdio.h>
#include <string.h>

static const char *const ways[] = {"plain", "goroutine", "callback",       "nested",
                                   "moved", "c_thread",  "c_thread_moved", "deferred"};
enum { WAYS_THERE = sizeof ways / sizeof *ways, WAY_BYTES = 1 << 14 };

static struct seep_run go_run(enum way way, const char *program, const char *argument) {
    struct seep_job job = {
        .program = {.argv = {program_path(program), argument}, .env = {"SEEP_DEBUG_COMPARE_STACKS=1"}}};
    struct seep_run ran = seep_run_job(way, &job);
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s %s: %d %s", program, argument,
                  exit_status(&ran.outcome), ran.outcome.err);
    ck_assert_ptr_nonnull(ran.process);
    assert_end(ran.process, "exit", 0);
    ck_assert(is_exact(ran.report));
    ck_assert_int_eq(json_integer_value(json_object_get(ran.process, "truncated_stacks")), 0);
    ck_assert_int_gt(json_integer_value(json_object_get(ran.process, "stacks_compared")), 0);
    ck_assert_int_eq(json_integer_value(json_object_get(ran.process, "stacks_different")), 0);
    return ran;
}

static bool starts_with(const char *name, const char *with) {
    return strncmp(name, with, strlen(with)) == 0;
}

// The program's own Go functions, without what cgo generated and the compiler's wrappers of methods (which
// the runtime leaves out).
static bool is_own(const char *name) {
    size_t length = strlen(name);
    bool wrapper = length > 3 && strcmp(name + length - 3, "-fm") == 0;
    return starts_with(name, "main.") && !starts_with(name, "main._") && !wrapper;
}

static void add(char *list, const char *name) {
    if (is_own(name)) {
        ck_assert_uint_lt(strlen(list) + strlen(name) + 2, WAY_BYTES);
        strcat(strcat(list, name), " ");
    }
}

static void way_as_printed(char *list, const char *printed) {
    const char *at = strstr(printed, "way ");
    ck_assert_ptr_nonnull(at);
    char *copy = strdup(at + 4), *rest = NULL;
    list[0] = '\0';
    for (char *name = strtok_r(copy, " \n", &rest); name; name = strtok_r(NULL, " \n", &rest))
        add(list, name);
    free(copy);
}

static void way_of_site(char *list, const json_t *site) {
    size_t depth = json_array_size(json_object_get(site, "frames"));
    list[0] = '\0';
    for (size_t i = 0; i < depth; i++)
        add(list, frame_function(site, i));
}

// The one block of 1,000 bytes.
static const json_t *leaking_site(const json_t *process) {
    size_t index;
    json_t *site;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        if (json_integer_value(json_object_get(site, "bytes")) == 1000)
            return site;
    }
    ck_abort_msg("no site of 1,000 bytes");
}

// Where main.leak calls C.
static long long leaking_line(void) {
    char *source = file_read("tests/programs/go/mixed/main.go", NULL);
    ck_assert_msg(source != NULL, "run tests from the top of the source tree");
    long long line = 1;
    for (const char *at = source, *end = strstr(source, "C.leak_in_c("); at < end; at++)
        line += *at == '\n';
    free(source);
    return line;
}

static struct seep_run assert_way(enum way way, const char *program, const char *argument) {
    static char printed[WAY_BYTES], seen[WAY_BYTES];
    struct seep_run ran = go_run(way, program, argument);
    const json_t *site = leaking_site(ran.process);
    ck_assert_int_eq(json_integer_value(json_object_get(site, "count")), 1);
    way_as_printed(printed, ran.outcome.out);
    way_of_site(seen, site);
    ck_assert(printed[0] != '\0');
    ck_assert_msg(strcmp(printed, seen) == 0, "%s %s: Go says\n%s\nseep\n%s", program, argument, printed,
                  stack_text(site));
    return ran;
}

START_TEST(are_what_the_runtime_says) {
    for (enum way way = 0; way < WAYS; way++)
        assert_way(way, "go/mixed", ways[_i]);
}
END_TEST

START_TEST(are_what_the_runtime_says_in_position_independent_programs) {
    assert_way(WAY_RUN, "go/mixed-pie", ways[_i]);
    assert_way(WAY_RUN, "go/mixed-pie_stripped", ways[_i]);
}
END_TEST

// As linkers lay programs out that don't keep code apart from what is only read.
START_TEST(are_what_the_runtime_says_in_programs_with_data_beside_their_code) {
    assert_way(WAY_RUN, "go/mixed-joined", "nested");
}
END_TEST

// Names, files and lines come from Go's own table then, inlined functions too; C's are lost.
START_TEST(have_all_names_of_go_in_stripped_programs) {
    struct seep_run ran = assert_way(WAY_RUN, "go/mixed-stripped", ways[_i]);
    const json_t *frame = frame_of(leaking_site(ran.process), "main.leak");
    ck_assert_ptr_nonnull(frame);
    const char *file = json_string_value(json_object_get(frame, "file"));
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(strstr(file, "tests/programs/go/mixed/main.go"));
    ck_assert_int_eq(json_integer_value(json_object_get(frame, "line")), leaking_line());
}
END_TEST

static const char *text_report(const char *option) {
    struct seep_job job = {.program = {.argv = {program_path("go/mixed"), "nested"}},
                           .options = {"--show", "all", option},
                           .text_too = true};
    return seep_run_job(WAY_RUN, &job).outcome.err;
}

START_TEST(show_what_cgo_generated_only_when_asked) {
    const char *hidden[] = {"runtime.asmcgocall", "_Cfunc_", "crosscall2", "_cgoexp_", "cgocallback"};
    const char *brief = text_report(NULL), *whole = text_report("-v");
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        ck_assert_msg(strstr(brief, hidden[i]) == NULL, "%s in\n%s", hidden[i], brief);
        ck_assert_msg(strstr(whole, hidden[i]) != NULL, "no %s in\n%s", hidden[i], whole);
    }
    ck_assert_ptr_nonnull(strstr(brief, "main.calledBack"));
}
END_TEST

// Where a goroutine ran a callback for a thread of C, the walk goes on to that thread's start.
START_TEST(end_where_the_thread_began) {
    struct seep_run ran = go_run(WAY_RUN, "go/mixed", "c_thread");
    const json_t *site = site_from(ran.process, "leak_in_c");
    ck_assert_ptr_nonnull(frame_of(site, "c_thread"));
    ran = go_run(WAY_RUN, "go/mixed", "nested");
    site = site_from(ran.process, "leak_in_c");
    size_t depth = json_array_size(json_object_get(site, "frames")), callbacks = 0;
    ck_assert_str_eq(frame_function(site, depth - 1), "runtime.goexit");
    for (size_t i = 0; i < depth; i++)
        callbacks += strcmp(frame_function(site, i), "call_back") == 0;
    ck_assert_uint_eq(callbacks, 4);
}
END_TEST

enum { LEVEL_BYTES = 100, WANDERED_BLOCKS = 8 * 60 * (2 * 4 - 1) }; // as in the program

// The size of the blocks that are leaked at the end of this stack.
static long long size_by_way(const json_t *site) {
    size_t depth = json_array_size(json_object_get(site, "frames"));
    long long level = -1, way = -1;
    for (size_t i = 0; i < depth; i++) {
        const char *function = frame_function(site, i);
        way += level < 0 && strcmp(function, "main.descend") == 0;
        level += strcmp(function, "main.wander") == 0;
    }
    return 1 + level * LEVEL_BYTES + way;
}

// Goroutines' stacks move and grow between one walk and the next, threads run now this goroutine and now
// that: what is remembered of the last walk must never pass for the present.
START_TEST(of_wandering_goroutines_are_those_of_the_moment) {
    struct seep_run ran = go_run(_i, "go/mixed", "wander");
    ck_assert_int_eq(blocks_through(ran.process, "leak_in_c"), WANDERED_BLOCKS);
    size_t index;
    json_t *site;
    json_array_foreach(json_object_get(ran.process, "sites"), index, site) {
        if (frame_of(site, "leak_in_c"))
            ck_assert_msg(json_integer_value(json_object_get(site, "bytes")) ==
                              json_integer_value(json_object_get(site, "count")) * size_by_way(site),
                          "blocks of another way:\n%s", stack_text(site));
    }
}
END_TEST

// Blocks of 1,000 bytes whose stacks go through both functions, and are complete.
static long long blocks_between(const json_t *process, const char *inner, const char *outer) {
    size_t index;
    long long blocks = 0;
    json_t *site;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        long long count = json_integer_value(json_object_get(site, "count"));
        if (json_integer_value(json_object_get(site, "bytes")) == 1000 * count && frame_of(site, inner) &&
            frame_of(site, outer) && !json_is_true(json_object_get(site, "truncated")))
            blocks += count;
    }
    return blocks;
}

// Two Go runtimes in one process, one of them without names of C functions.
START_TEST(go_on_through_go_libraries_of_a_c_program) {
    struct seep_job job = {.program = {.argv = {program_path("loads_go"), program_path("go/library-shared"),
                                                program_path("go/library-shared_stripped")},
                                       .env = {"SEEP_DEBUG_COMPARE_STACKS=1"}}};
    struct seep_run ran = seep_run_job(_i, &job);
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s", ran.outcome.err);
    ck_assert_int_eq(json_integer_value(json_object_get(ran.process, "truncated_stacks")), 0);
    ck_assert_int_eq(json_integer_value(json_object_get(ran.process, "stacks_different")), 0);
    ck_assert_int_eq(blocks_between(ran.process, "main.leak", "main"), 2);
    ck_assert_int_eq(blocks_between(ran.process, "main.leak", "thread_start"), 2);
    ck_assert_int_eq(blocks_between(ran.process, "leak_in_library", "call_go"), 2);
}
END_TEST

START_TEST(go_on_from_a_plugin_into_its_program) {
    struct seep_run ran = SEEP(_i, "go/host", program_path("go/library-plugin"));
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s", ran.outcome.out);
    ck_assert_int_eq(json_integer_value(json_object_get(ran.process, "truncated_stacks")), 0);
    ck_assert_int_eq(blocks_between(ran.process, "leak_in_library", "main.use"), 1);
    ck_assert_int_eq(blocks_between(ran.process, "leak_in_library", "runtime.goexit"), 1);
}
END_TEST

START_TEST(go_on_in_programs_that_go_linked_itself) {
    struct seep_job job = {.program = {.argv = {program_path("go/resolver")}, .env = {"GODEBUG=netdns=cgo"}}};
    struct seep_run ran = seep_run_job(_i, &job);
    ck_assert_str_eq(ran.outcome.out, "done true\n");
    ck_assert_int_eq(json_integer_value(json_object_get(ran.process, "truncated_stacks")), 0);
    ck_assert_int_gt(blocks_through(ran.process, "net.(*Resolver).LookupHost"), 0);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, clean_environment, NULL);
    tcase_add_loop_test(tests, are_what_the_runtime_says, 0, WAYS_THERE);
    tcase_add_loop_test(tests, are_what_the_runtime_says_in_position_independent_programs, 0, WAYS_THERE);
    tcase_add_test(tests, are_what_the_runtime_says_in_programs_with_data_beside_their_code);
    tcase_add_loop_test(tests, have_all_names_of_go_in_stripped_programs, 0, WAYS_THERE);
    tcase_add_test(tests, show_what_cgo_generated_only_when_asked);
    tcase_add_test(tests, end_where_the_thread_began);
    tcase_add_loop_test(tests, of_wandering_goroutines_are_those_of_the_moment, 0, WAYS);
    tcase_add_loop_test(tests, go_on_through_go_libraries_of_a_c_program, 0, WAYS);
    tcase_add_loop_test(tests, go_on_from_a_plugin_into_its_program, 0, WAYS);
    tcase_add_loop_test(tests, go_on_in_programs_that_go_linked_itself, 0, WAYS);
}
SEEP_TEST_MAIN("go stacks")
