// What users of Go write about, as small programs: seep names the Go function, file and line, counts exactly,
// and blames nothing on Go's runtime. Output and exit status are the program's.
#include "tests/lib/cgroup.h"
#include "tests/lib/real.h"
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <string.h>
#include <unistd.h>

enum { OWN_STATUS = 3 };

// Built as users build, without symbols and debug information, and position-independent.
static const char *const builds[] = {"go/incidents", "go/incidents-stripped", "go/incidents-pie"};
enum { BUILDS = sizeof builds / sizeof *builds };

static struct seep_run incident_of(enum way way, const char *build, const char *name) {
    struct seep_run ran = SEEP(way, build, name);
    ck_assert_msg(exit_status(&ran.outcome) == OWN_STATUS, "%s: %d %s", name, exit_status(&ran.outcome),
                  ran.outcome.err);
    ck_assert_str_eq(ran.outcome.out, "done\n");
    ck_assert_ptr_nonnull(ran.process);
    assert_end(ran.process, "exit", OWN_STATUS);
    ck_assert(is_exact(ran.report));
    ck_assert_int_eq(json_integer_value(json_object_get(ran.process, "truncated_stacks")), 0);
    return ran;
}

static struct seep_run incident(enum way way, const char *name) {
    return incident_of(way, builds[0], name);
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

static const char *word(const json_t *object, const char *member) {
    return json_string_value(json_object_get(object, member));
}

static const json_t *first_listed(const json_t *process) {
    size_t index;
    json_t *site;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        if (is_listed(site))
            return site;
    }
    ck_abort_msg("nothing is listed");
}

// All of this kind that is listed was acquired in one place, so many. Blocks may have several verdicts there:
// a stale word of Go's stacks may still point to one. The first of them is what a reader sees first.
static const json_t *only_place(const json_t *process, const char *kind, long long count, long long bytes) {
    const json_t *first = first_listed(process);
    ck_assert_str_eq(word(first, "kind"), kind);
    const char *place = stack_text(first);
    size_t index;
    json_t *site;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        if (!is_listed(site) || strcmp(word(site, "kind"), kind) != 0)
            continue;
        ck_assert_msg(strcmp(place, stack_text(site)) == 0, "one more:\n%s", stack_text(site));
        count -= json_integer_value(json_object_get(site, "count"));
        bytes -= json_integer_value(json_object_get(site, "bytes"));
    }
    ck_assert_int_eq(count, 0);
    ck_assert_int_eq(bytes, 0);
    return first;
}

static long long blocks_by(const json_t *process, const char *verdict) {
    json_t *all = json_object_get(json_object_get(process, "verdicts"), verdict);
    return json_integer_value(json_object_get(all, "blocks"));
}

// Of `count` blocks that were lost at least this many are seen to be. Where the heap lies low, as in programs
// that are not position-independent, numbers such as 0x1000000 point into the middle of a few.
static void assert_lost(const json_t *process, long long count) {
    long long definite = blocks_by(process, "definite");
    ck_assert_int_ge(definite, count * 95 / 100);
    ck_assert_int_ge(definite + blocks_by(process, "possible"), count - 5);
}

static const struct {
    const char *name, *kind, *call;
    long long count, bytes;
    const char *function, *code; // Go's function, and what its line has
} incidents[] = {
    {"labels", "heap", "malloc", 10000, 110000, "main.label", "C.CString(fmt"},
    {"frames", "heap", "malloc", 10000, 10000ll << 20, "main.(*codec).Decode", "C.codec_frame()"},
    {"images", "map", "mmap", 100, 100ll * 64 << 20, "main.openImages", "C.image_open()"},
    {"files", "map", "mmap", 1000, 1000 * 4096, "main.mapFiles", "C.file_map(path)"},
    {"devices", "fd", "open", 100, 0, "main.openDevices", "C.device_open()"},
    {"watches", "fd", "inotify_init1", 50, 0, "main.watchFolders", "C.watch_folder(path)"},
};
enum { INCIDENTS = sizeof incidents / sizeof *incidents };

static void assert_incident(enum way way, const char *build, int i) {
    struct seep_run ran = incident_of(way, build, incidents[i].name);
    assert_all_sites_are_the_programs(ran.process);
    const json_t *site = only_place(ran.process, incidents[i].kind, incidents[i].count, incidents[i].bytes);
    assert_place(site, incidents[i].function, incidents[i].code);
    ck_assert_str_eq(word(site, "call"), incidents[i].call);
    if (strcmp(incidents[i].kind, "heap") == 0) {
        ck_assert_str_eq(word(site, "verdict"), "definite");
        assert_lost(ran.process, incidents[i].count);
    }
}

START_TEST(the_first_site_has_the_go_function_and_all_that_it_left) {
    for (enum way way = 0; way < WAYS; way++)
        assert_incident(way, builds[0], _i);
}
END_TEST

START_TEST(in_every_build) {
    for (int build = 1; build < BUILDS; build++)
        assert_incident(WAY_RUN, builds[build], _i);
}
END_TEST

// The object holds another block: what is lost is the object, and the other goes with it.
START_TEST(an_object_of_a_c_library_never_destroyed) {
    for (int build = 0; build < (_i == WAY_RUN ? BUILDS : 1); build++) {
        struct seep_run ran = incident_of(_i, builds[build], "pictures");
        assert_all_sites_are_the_programs(ran.process);
        const json_t *site = first_listed(ran.process);
        ck_assert_str_eq(word(site, "verdict"), "definite");
        ck_assert_ptr_nonnull(frame_of(site, "jpeg_CreateDecompress"));
        assert_place(site, "main.decodePictures", "C.decode_picture()");
        ck_assert_int_eq(blocks_through(ran.process, "main.decodePictures") % 100, 0);
        ck_assert_int_ge(json_integer_value(json_object_get(site, "indirect_blocks")), 95);
        assert_lost(ran.process, 100);
    }
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
// Where the group can be one of its own, with a limit that the log nearly reaches, the text says so, too.
START_TEST(a_log_that_fills_the_page_cache) {
    enum { LOG_BYTES = 64 << 20, LIMIT_BYTES = 80 << 20 };
    bool own = own_cgroup_make(LIMIT_BYTES);
    struct seep_job job = {
        .program = {.argv = {program_path("go/incidents"), "log"}, .prepare = own ? own_cgroup_enter : NULL},
        .text_too = true};
    struct seep_run ran = seep_run_job(_i, &job);
    if (own)
        own_cgroup_remove();
    ck_assert_int_eq(exit_status(&ran.outcome), OWN_STATUS);
    ck_assert_int_eq(unlink(program_path("go/incidents.log")), 0);
    const json_t *memory = json_object_get(ran.process, "memory"), *group = json_object_get(memory, "cgroup");
    size_t index;
    json_t *site;
    json_array_foreach(json_object_get(ran.process, "sites"), index, site) {
        ck_assert_msg(!is_listed(site), "listed:\n%s", stack_text(site));
    }
    ck_assert_int_lt(number_of(memory, "peak_rss_bytes"), LOG_BYTES / 2);
    ck_assert(!own || json_is_object(group));
    if (json_is_null(group))
        return;
    long long cached = number_of(group, "page_cache_bytes") + number_of(group, "shared_bytes"); // on tmpfs
    ck_assert_int_ge(cached, LOG_BYTES);
    if (!own)
        return;
    ck_assert_int_lt(number_of(group, "anonymous_bytes"), LOG_BYTES / 4);
    ck_assert_int_eq(number_of(group, "limit_bytes"), LIMIT_BYTES);
    static const char *const lines[] = {"== where the memory of process ", " MiB of at most 80.0 MiB: "};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ck_assert_msg(strstr(ran.outcome.err, lines[i]) != NULL, "no '%s' in\n%s", lines[i], ran.outcome.err);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, clean_environment, NULL);
    tcase_add_loop_test(tests, the_first_site_has_the_go_function_and_all_that_it_left, 0, INCIDENTS);
    tcase_add_loop_test(tests, in_every_build, 0, INCIDENTS);
    tcase_add_loop_test(tests, an_object_of_a_c_library_never_destroyed, 0, WAYS);
    tcase_add_loop_test(tests, a_thousand_goroutines_parked_in_c, 0, WAYS);
    tcase_add_loop_test(tests, a_million_blocks_in_and_out, 0, WAYS);
    tcase_add_loop_test(tests, a_log_that_fills_the_page_cache, 0, WAYS);
}
SEEP_TEST_MAIN("go incidents")
