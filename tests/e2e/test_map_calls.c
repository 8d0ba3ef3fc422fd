// Every way to map and to unmap: what is left is reported at the stack that mapped it, and nothing else is.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <string.h>

enum { PAGE = 4096, SITES = 8 };

// What is left by one function, or by one of those that it called.
struct left {
    const char *through, *call;
    long long count, bytes;
};

struct expectation {
    const char *name; // the program's case
    long long mapped, unmapped, bytes;
    struct left left[SITES];
};

static const struct expectation expectations[] = {
    {"kept", 2, 1, 5 * PAGE, {{"kept_and_given_back", "mmap", 1, 5 * PAGE}}},
    {"mmap64", 1, 0, 2 * PAGE, {{"mapped_by_mmap64", "mmap", 1, 2 * PAGE}}},
    {"failed", 1, 0, 4 * PAGE, {{"failed", "mmap", 1, 4 * PAGE}}},
    {"trimmed", 1, 0, 6 * PAGE, {{"trimmed", "mmap", 1, 6 * PAGE}}},
    {"over_many", 4, 2, 2 * PAGE, {{"three_of_one", "mmap", 2, 2 * PAGE}}},
    {"fixed", 2, 0, 8 * PAGE, {{"maps", "mmap", 1, 5 * PAGE}, {"maps_over", "mmap", 1, 3 * PAGE}}},
    {"mremap",
     8,
     0,
     89 * PAGE,
     {{"grown", "mmap", 1, 64 * PAGE},
      {"shrunk", "mmap", 1, 3 * PAGE},
      {"moved", "mmap", 2, 6 * PAGE},
      {"left_behind", "mmap", 1, 4 * PAGE},
      {"duplicated", "mmap", 1, 4 * PAGE},
      {"remapped_in_all_ways", "mremap", 2, 8 * PAGE}}},
    {"shm", 2, 1, 3 * PAGE, {{"attached", "shmat", 1, 3 * PAGE}}},
    {"break", 2, 1, 5000, {{"moves_the_break", "sbrk", 1, 5000}}},
    {"unseen", 2, 1, 4 * PAGE, {{"unmapped_unseen", "mmap", 1, 4 * PAGE}}},
    {"handler", 100, 0, 100 * PAGE, {{"by_handler", "mmap", 100, 100 * PAGE}}},
    {"threads", 16008, 16000, 8 * PAGE, {{"churn", "mmap", 8, 8 * PAGE}}},
    {"vfork", 1, 0, 7 * PAGE, {{"vforked", "mmap", 1, 7 * PAGE}}},
    {"file", 1000, 0, 1000 * PAGE, {{"maps_a_file", "mmap", 1000, 1000 * PAGE}}},
};
enum { EXPECTATIONS = sizeof expectations / sizeof *expectations };

static long long map_total(const json_t *process, const char *figure) {
    json_t *value = json_object_get(json_object_get(json_object_get(process, "totals"), "map"), figure);
    ck_assert_msg(json_is_integer(value), "totals.map has no %s", figure);
    return json_integer_value(value);
}

static bool is_of(const json_t *site, const char *through, const char *call) {
    return !strcmp(json_string_value(json_object_get(site, "kind")), "map") && frame_of(site, through) &&
           (!call || !strcmp(json_string_value(json_object_get(site, "call")), call));
}

static long long sum(const json_t *process, const char *through, const char *call, const char *figure) {
    size_t index;
    json_t *site;
    long long all = 0;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        if (is_of(site, through, call))
            all += json_integer_value(json_object_get(site, figure));
    }
    return all;
}

static json_t *map_site(const json_t *process, const char *through) {
    size_t index;
    json_t *site;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        if (is_of(site, through, NULL))
            return site;
    }
    ck_abort_msg("no mapping was made through %s", through);
    return NULL;
}

START_TEST(what_is_left_is_reported_where_it_was_mapped) {
    const struct expectation *expected = &expectations[_i / WAYS];
    struct seep_run run = SEEP(_i % WAYS, "map_calls", expected->name);
    ck_assert_int_eq(exit_status(&run.outcome), 0);
    ck_assert(is_exact(run.report));
    ck_assert_int_eq(map_total(run.process, "mapped"), expected->mapped);
    ck_assert_int_eq(map_total(run.process, "unmapped"), expected->unmapped);
    ck_assert_int_eq(map_total(run.process, "outstanding_bytes"), expected->bytes);
    long long count = 0;
    for (const struct left *left = expected->left; left->through; left++) {
        ck_assert_int_eq(sum(run.process, left->through, left->call, "count"), left->count);
        ck_assert_int_eq(sum(run.process, left->through, left->call, "bytes"), left->bytes);
        count += left->count;
    }
    ck_assert_int_eq(map_total(run.process, "outstanding_regions"), count);
}
END_TEST

START_TEST(a_munmap_that_fails_for_want_of_room_took_nothing) {
    struct seep_run run = SEEP(_i, "map_calls", "limit");
    ck_assert_int_eq(exit_status(&run.outcome), 0);
    json_t *site = map_site(run.process, "maps");
    ck_assert_int_eq(json_integer_value(json_object_get(site, "count")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(site, "bytes")), 3 * PAGE);
    ck_assert_int_eq(json_integer_value(json_object_get(site, "resident_bytes")), 3 * PAGE);
    ck_assert_int_eq(json_integer_value(json_object_get(site, "dirty_bytes")), 3 * PAGE);
}
END_TEST

START_TEST(what_is_resident_is_told_of_each_site) {
    struct seep_run run = SEEP(_i, "map_calls", "fixed");
    json_t *touched = map_site(run.process, "maps"), *untouched = map_site(run.process, "maps_over");
    ck_assert_int_eq(json_integer_value(json_object_get(touched, "resident_bytes")), 5 * PAGE);
    ck_assert_int_eq(json_integer_value(json_object_get(touched, "dirty_bytes")), 5 * PAGE);
    ck_assert_int_eq(json_integer_value(json_object_get(untouched, "resident_bytes")), 0);
    ck_assert_int_eq(map_total(run.process, "resident_bytes"), 5 * PAGE);
    json_t *example = json_array_get(json_object_get(untouched, "examples"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(example, "protection")), "r--p");
    ck_assert(json_is_null(json_object_get(example, "file")));
    ck_assert_int_eq(json_integer_value(json_object_get(example, "bytes")), 3 * PAGE);
}
END_TEST

START_TEST(a_file_mapped_again_and_again_is_said_so) {
    struct seep_run run = seep_run_job(
        _i, &(struct seep_job){.program = {.argv = {program_path("map_calls"), "file"}}, .text_too = true});
    json_t *tally = json_array_get(json_object_get(map_site(run.process, "maps_a_file"), "tallies"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(tally, "file")), program_path("map_calls"));
    ck_assert_int_eq(json_integer_value(json_object_get(tally, "count")), 1000);
    ck_assert_ptr_nonnull(strstr(run.outcome.err, text("%s mapped 1,000 times", program_path("map_calls"))));
}
END_TEST

START_TEST(a_forked_childs_mappings_are_its_own) {
    struct seep_run run = SEEP(_i, "map_calls", "fork");
    ck_assert_uint_eq(processes_named(run.report, "map_calls"), 2);
    size_t index;
    json_t *process;
    json_array_foreach(json_object_get(run.report, "processes"), index, process) {
        bool child = !strcmp(json_string_value(json_object_get(process, "begin")), "fork");
        ck_assert_int_eq(map_total(process, "mapped"), 1);
        ck_assert_int_eq(map_total(process, "unmapped"), 0);
        ck_assert_int_eq(map_total(process, "outstanding_bytes"), (child ? 7 : 3) * PAGE);
    }
}
END_TEST

START_TEST(a_killed_programs_mappings_are_known) {
    struct seep_run run = SEEP(_i, "map_calls", "killed");
    assert_end(run.process, "signal", 9);
    json_t *site = map_site(run.process, "killed");
    ck_assert_int_eq(json_integer_value(json_object_get(site, "bytes")), 5 * PAGE);
    ck_assert(json_is_null(json_object_get(site, "resident_bytes"))); // nobody could look any more
    json_t *map = json_object_get(json_object_get(run.process, "totals"), "map");
    ck_assert(json_is_null(json_object_get(map, "unattributed_bytes")));
}
END_TEST

// The loader's own few pages are among them.
START_TEST(what_no_hook_saw_is_counted_as_unattributed) {
    enum { RAW = (32 + 48) << 20, SLACK = 1 << 20 };
    struct seep_run with = SEEP(_i, "map_calls", "mapped_unseen"), without = SEEP(_i, "map_calls", "kept");
    long long usual = map_total(without.process, "unattributed_bytes");
    ck_assert_int_lt(usual, SLACK);
    ck_assert_int_eq(map_total(with.process, "unattributed_bytes") - usual, RAW);
    ck_assert_int_gt(map_total(with.process, "unattributed_regions"),
                     map_total(without.process, "unattributed_regions"));
    ck_assert_int_eq(map_total(with.process, "outstanding_bytes"), PAGE);
}
END_TEST

START_TEST(track_heap_leaves_mappings_alone) {
    struct seep_run run =
        seep_run_job(_i, &(struct seep_job){.program = {.argv = {program_path("map_calls"), "kept"}},
                                            .options = {"--track=heap"}});
    ck_assert(json_is_null(json_object_get(json_object_get(run.process, "totals"), "map")));
    ck_assert_uint_eq(json_array_size(json_object_get(run.process, "sites")), 0);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, what_is_left_is_reported_where_it_was_mapped, 0, EXPECTATIONS * WAYS);
    tcase_add_loop_test(tests, a_munmap_that_fails_for_want_of_room_took_nothing, 0, WAYS);
    tcase_add_loop_test(tests, what_is_resident_is_told_of_each_site, 0, WAYS);
    tcase_add_loop_test(tests, a_file_mapped_again_and_again_is_said_so, 0, WAYS);
    tcase_add_loop_test(tests, a_forked_childs_mappings_are_its_own, 0, WAYS);
    tcase_add_loop_test(tests, a_killed_programs_mappings_are_known, 0, WAYS);
    tcase_add_loop_test(tests, what_no_hook_saw_is_counted_as_unattributed, 0, WAYS);
    tcase_add_loop_test(tests, track_heap_leaves_mappings_alone, 0, WAYS);
}

SEEP_TEST_MAIN("map calls")
