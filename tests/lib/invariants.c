// What holds for every report whatever ran, see the schema: each report that a test reads passes through
// here.
#include "tests/lib/report.h"

#include <check.h>
#include <string.h>

static long long integer(const json_t *object, const char *name) {
    json_t *value = json_object_get(object, name);
    ck_assert_msg(json_is_integer(value), "%s is missing or no integer", name);
    return json_integer_value(value);
}

static bool boolean(const json_t *object, const char *name) {
    json_t *value = json_object_get(object, name);
    ck_assert_msg(json_is_boolean(value), "%s is missing or no boolean", name);
    return json_is_true(value);
}

static void check_verdicts(const json_t *process) {
    static const char *const names[] = {"definite",  "indirect",     "possible",
                                        "reachable", "unclassified", "suppressed"};
    long long blocks = 0, bytes = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        json_t *one = json_object_get(json_object_get(process, "verdicts"), names[i]);
        blocks += integer(one, "blocks");
        bytes += integer(one, "bytes");
    }
    ck_assert_int_eq(blocks, heap(process, "outstanding_blocks"));
    ck_assert_int_eq(bytes, heap(process, "outstanding_bytes"));
}

static void check_site(const json_t *site) {
    const char *id = json_string_value(json_object_get(site, "id"));
    ck_assert_msg(id && strlen(id) == 16 && strspn(id, "0123456789abcdef") == 16,
                  "a site's id is not 16 hex digits");
    ck_assert_int_gt(integer(site, "count"), 0);
    ck_assert_int_ge(integer(site, "bytes"), 0);
    ck_assert_ptr_nonnull(json_string_value(json_object_get(site, "call")));
    ck_assert_uint_gt(json_array_size(json_object_get(site, "frames")), 0);
    ck_assert_uint_le(json_array_size(json_object_get(site, "examples")), 5);
    boolean(site, "truncated");
}

static void check_sites(const json_t *process) {
    size_t index;
    json_t *site;
    long long blocks = 0, bytes = 0;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        check_site(site);
        if (!strcmp(json_string_value(json_object_get(site, "kind")), "heap")) {
            blocks += integer(site, "count");
            bytes += integer(site, "bytes");
        }
    }
    ck_assert_int_eq(blocks, heap(process, "outstanding_blocks"));
    ck_assert_int_eq(bytes, heap(process, "outstanding_bytes"));
}

// The rows add up to what the kernel counts.
static void check_memory(const json_t *memory) {
    size_t index;
    json_t *row;
    long long bytes = 0;
    json_array_foreach(json_object_get(memory, "rows"), index, row) {
        ck_assert_int_gt(integer(row, "bytes"), 0);
        ck_assert_int_gt(integer(row, "pieces"), 0);
        ck_assert_ptr_nonnull(json_string_value(json_object_get(row, "what")));
        bytes += integer(row, "bytes");
    }
    ck_assert_int_eq(bytes, integer(memory, "rss_bytes"));
}

static void check_descriptors(const json_t *process) {
    const json_t *fd = json_object_get(json_object_get(process, "totals"), "fd");
    if (json_is_null(fd))
        return;
    size_t index;
    json_t *site;
    long long count = 0;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        if (!strcmp(json_string_value(json_object_get(site, "kind")), "fd"))
            count += integer(site, "count");
    }
    ck_assert_int_eq(count, integer(fd, "outstanding"));
    long long unattributed = 0;
    json_array_foreach(json_object_get(process, "unattributed_groups"), index, site) {
        if (!strcmp(json_string_value(json_object_get(site, "kind")), "fd"))
            unattributed += integer(site, "count");
    }
    if (!json_is_null(json_object_get(fd, "unattributed")))
        ck_assert_int_eq(unattributed, integer(fd, "unattributed"));
    ck_assert_int_eq(integer(fd, "opened"), integer(fd, "closed") + integer(fd, "closed_unseen") +
                                                integer(fd, "outstanding") + integer(fd, "standard"));
}

static void check_mappings(const json_t *process) {
    json_t *map = json_object_get(json_object_get(process, "totals"), "map");
    if (!json_is_object(map)) {
        ck_assert(json_is_null(map));
        return;
    }
    long long count = integer(map, "runtime_regions"), bytes = integer(map, "runtime_bytes");
    size_t index;
    json_t *site;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        if (strcmp(json_string_value(json_object_get(site, "kind")), "map") != 0)
            continue;
        count += integer(site, "count");
        bytes += integer(site, "bytes");
        json_t *resident = json_object_get(site, "resident_bytes"),
               *dirty = json_object_get(site, "dirty_bytes");
        if (json_is_integer(resident) && json_is_integer(dirty))
            ck_assert_int_le(json_integer_value(dirty), json_integer_value(resident));
    }
    ck_assert_int_eq(count, integer(map, "outstanding_regions"));
    ck_assert_int_eq(bytes, integer(map, "outstanding_bytes"));
    ck_assert_int_eq(integer(map, "outstanding_regions"), integer(map, "mapped") - integer(map, "unmapped"));
}

static void check_process(const json_t *process) {
    integer(process, "pid");
    integer(process, "parent_pid");
    ck_assert(json_is_string(json_object_get(json_object_get(process, "end"), "how")));
    if (boolean(process, "exact")) {
        ck_assert_int_eq(integer(process, "lost_records"), 0);
        ck_assert_int_eq(heap(process, "outstanding_blocks"), heap(process, "allocations") -
                                                                  heap(process, "frees") +
                                                                  heap(process, "unmatched_frees"));
    }
    ck_assert_int_ge(heap(process, "peak_bytes"), heap(process, "outstanding_bytes"));
    ck_assert_int_ge(heap(process, "allocated_bytes"), heap(process, "outstanding_bytes"));
    check_verdicts(process);
    check_sites(process);
    if (json_is_object(json_object_get(process, "memory")))
        check_memory(json_object_get(process, "memory"));
    check_descriptors(process);
    check_mappings(process);
}

json_t *report_load(const char *path) {
    json_error_t error;
    json_t *report = json_load_file(path, 0, &error);
    ck_assert_msg(report != NULL, "%s: %s", path, error.text);
    ck_assert_str_eq(json_string_value(json_object_get(report, "schema")), "seep-report-1");
    json_t *processes = json_object_get(report, "processes");
    ck_assert(json_is_array(processes));
    bool all_exact = true;
    size_t index;
    json_t *process;
    json_array_foreach(processes, index, process) {
        check_process(process);
        all_exact = all_exact && boolean(process, "exact");
    }
    bool exact = boolean(report, "exact");
    ck_assert_msg(!exact || all_exact, "the report says exact, a process of it does not");
    ck_assert_msg(exact == (json_array_size(json_object_get(report, "inexact_because")) == 0),
                  "exact and its reasons contradict each other");
    return report;
}
