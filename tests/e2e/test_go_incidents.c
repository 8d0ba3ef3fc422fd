// What users of Go write about, as small programs: seep names the Go function, file and line, counts exactly,
// and blames nothing on Go's runtime. Output and exit status are the program's.
#include "tests/lib/real.h"
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <string.h>
#include <unistd.h>

enum { OWN_STATUS = 3 };

static struct seep_run incident(enum way way, const char *name) {
    struct seep_run ran = SEEP(way, "go/incidents", name);
    ck_assert_msg(exit_status(&ran.outcome) == OWN_STATUS, "%s: %d %s", name, exit_status(&ran.outcome),
                  ran.outcome.err);
    ck_assert_str_eq(ran.outcome.out, "done\n");
    ck_assert_ptr_nonnull(ran.process);
    assert_end(ran.process, "exit", OWN_STATUS);
    ck_assert(is_exact(ran.report));
    ck_assert_int_eq(json_integer_value(json_object_get(ran.process, "truncated_stacks")), 0);
    return ran;
}

static bool is_listed(const json_t *site) {
    return json_is_null(json_object_get(site, "suppressed_by"));
}

// Nothing that is left to the program to mend is the runtime's.
static void assert_all_sites_are_the_programs(const json_t *process) {
    size_t index;
    json_t *site;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        if (is_listed(site))
            ck_assert_msg(frame_of(site, "main.main") != NULL, "not the program's:\n%s", stack_text(site));
    }
}

static long long line_of(const char *code) {
    char *source = file_read("tests/programs/go/incidents/main.go", NULL);
    ck_assert_msg(source != NULL, "run tests from the top of the source tree");
    const char *end = strstr(source, code);
    ck_assert_ptr_nonnull(end);
    long long line = 1;
    for (const char *at = source; at < end; at++)
        line += *at == '\n';
    free(source);
    return line;
}

// The site's Go function, at the line of this code.
static void assert_place(const json_t *site, const char *function, const char *code) {
    const json_t *frame = frame_of(site, function);
    ck_assert_msg(frame != NULL, "no %s in\n%s", function, stack_text(site));
    const char *file = json_string_value(json_object_get(frame, "file"));
    ck_assert(file && strstr(file, "tests/programs/go/incidents/main.go"));
    ck_assert_int_eq(json_integer_value(json_object_get(frame, "line")), line_of(code));
}

// All of this kind that is listed was acquired in one place, so many. Blocks may have several verdicts there:
// a stale word of Go's stacks may still point to one.
static const json_t *only_place(const json_t *process, const char *kind, long long count, long long bytes) {
    size_t index;
    const json_t *found = NULL;
    json_t *site;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        if (!is_listed(site) || strcmp(json_string_value(json_object_get(site, "kind")), kind) != 0)
            continue;
        ck_assert_msg(!found || !strcmp(stack_text(found), stack_text(site)), "one more:\n%s",
                      stack_text(site));
        found = site;
        count -= json_integer_value(json_object_get(site, "count"));
        bytes -= json_integer_value(json_object_get(site, "bytes"));
    }
    ck_assert_ptr_nonnull(found);
    ck_assert_int_eq(count, 0);
    ck_assert_int_eq(bytes, 0);
    return found;
}

// Of `count` blocks that were lost at least this many are seen to be.
static void assert_lost(const json_t *process, long long count) {
    json_t *lost = json_object_get(json_object_get(process, "verdicts"), "definite");
    ck_assert_int_ge(json_integer_value(json_object_get(lost, "blocks")), count - 5);
}

START_TEST(a_c_string_never_freed) {
    struct seep_run ran = incident(_i, "labels");
    assert_all_sites_are_the_programs(ran.process);
    assert_place(only_place(ran.process, "heap", 10000, 110000), "main.label", "C.CString(fmt");
    assert_lost(ran.process, 10000);
}
END_TEST

START_TEST(a_mebibyte_for_each_call) {
    struct seep_run ran = incident(_i, "frames");
    assert_all_sites_are_the_programs(ran.process);
    assert_place(only_place(ran.process, "heap", 10000, 10000ll << 20), "main.(*codec).Decode",
                 "C.codec_frame()");
    assert_lost(ran.process, 10000);
}
END_TEST

START_TEST(an_object_of_a_c_library_never_destroyed) {
    struct seep_run ran = incident(_i, "pictures");
    assert_all_sites_are_the_programs(ran.process);
    const json_t *site = site_through(ran.process, "jpeg_CreateDecompress");
    ck_assert_ptr_nonnull(site);
    assert_place(site, "main.decodePictures", "C.decode_picture()");
    ck_assert_int_eq(blocks_through(ran.process, "main.decodePictures") % 100, 0);
}
END_TEST

START_TEST(descriptors_opened_in_c) {
    struct seep_run ran = incident(_i, "devices");
    assert_all_sites_are_the_programs(ran.process);
    assert_place(only_place(ran.process, "fd", 100, 0), "main.openDevices", "C.device_open()");
}
END_TEST

START_TEST(inotify_watches_left_behind) {
    struct seep_run ran = incident(_i, "watches");
    assert_all_sites_are_the_programs(ran.process);
    const json_t *site = only_place(ran.process, "fd", 50, 0);
    assert_place(site, "main.watchFolders", "C.watch_folder(path)");
    ck_assert_str_eq(json_string_value(json_object_get(site, "call")), "inotify_init1");
}
END_TEST

START_TEST(pictures_mapped_and_forgotten) {
    struct seep_run ran = incident(_i, "images");
    assert_all_sites_are_the_programs(ran.process);
    assert_place(only_place(ran.process, "map", 100, 100ll * 64 << 20), "main.openImages", "C.image_open()");
}
END_TEST

START_TEST(a_file_mapped_a_thousand_times) {
    struct seep_run ran = incident(_i, "files");
    assert_all_sites_are_the_programs(ran.process);
    assert_place(only_place(ran.process, "map", 1000, 1000 * 4096), "main.mapFiles", "C.file_map(path)");
}
END_TEST

START_TEST(a_thousand_goroutines_parked_in_c) {
    struct seep_run ran = incident(_i, "park");
    assert_all_sites_are_the_programs(ran.process);
    ck_assert_int_ge(heap(ran.process, "frees"), 1000);
}
END_TEST

static long long memory_bytes(const json_t *process, const char *what) {
    size_t index;
    json_t *row;
    json_array_foreach(json_object_get(json_object_get(process, "memory"), "rows"), index, row) {
        if (strcmp(json_string_value(json_object_get(row, "what")), what) == 0)
            return json_integer_value(json_object_get(row, "bytes"));
    }
    return 0;
}

// The memory is the allocator's, not leaked. The few blocks that are left are held by a slice in Go's heap.
START_TEST(a_million_blocks_in_and_out) {
    struct seep_run ran = incident(_i, "fragment");
    assert_all_sites_are_the_programs(ran.process);
    ck_assert_int_ge(heap(ran.process, "allocations"), 950000);
    ck_assert_int_eq(blocks_through(ran.process, "main.fragment"), 200);
    const json_t *site = only_place(ran.process, "heap", 200, bytes_through(ran.process, "main.fragment"));
    ck_assert_str_eq(json_string_value(json_object_get(site, "verdict")), "reachable");
    ck_assert_int_gt(memory_bytes(ran.process, "heap_free_pages"), 10 << 20);
    ck_assert_ptr_nonnull(
        strstr(json_string_value(json_object_get(json_object_get(ran.process, "memory"), "remedy")),
               "malloc_trim(0)"));
}
END_TEST

static long long number_of(const json_t *object, const char *name) {
    return json_integer_value(json_object_get(object, name));
}

// What a program writes is not its own memory, but its control group's: nothing leaked, nothing resident.
START_TEST(a_log_that_fills_the_page_cache) {
    enum { LOG_BYTES = 64 << 20 };
    struct seep_run ran = incident(_i, "log");
    ck_assert_int_eq(unlink(program_path("go/incidents.log")), 0);
    const json_t *memory = json_object_get(ran.process, "memory"), *group = json_object_get(memory, "cgroup");
    size_t index;
    json_t *site;
    json_array_foreach(json_object_get(ran.process, "sites"), index, site) {
        ck_assert_msg(!is_listed(site), "listed:\n%s", stack_text(site));
    }
    ck_assert_int_lt(number_of(memory, "peak_rss_bytes"), LOG_BYTES / 2);
    if (!json_is_null(group)) // tmpfs counts as shared
        ck_assert_int_ge(number_of(group, "page_cache_bytes") + number_of(group, "shared_bytes"), LOG_BYTES);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, clean_environment, NULL);
    tcase_add_loop_test(tests, a_c_string_never_freed, 0, WAYS);
    tcase_add_loop_test(tests, a_mebibyte_for_each_call, 0, WAYS);
    tcase_add_loop_test(tests, an_object_of_a_c_library_never_destroyed, 0, WAYS);
    tcase_add_loop_test(tests, descriptors_opened_in_c, 0, WAYS);
    tcase_add_loop_test(tests, inotify_watches_left_behind, 0, WAYS);
    tcase_add_loop_test(tests, pictures_mapped_and_forgotten, 0, WAYS);
    tcase_add_loop_test(tests, a_file_mapped_a_thousand_times, 0, WAYS);
    tcase_add_loop_test(tests, a_thousand_goroutines_parked_in_c, 0, WAYS);
    tcase_add_loop_test(tests, a_million_blocks_in_and_out, 0, WAYS);
    tcase_add_loop_test(tests, a_log_that_fills_the_page_cache, 0, WAYS);
}
SEEP_TEST_MAIN("go incidents")
