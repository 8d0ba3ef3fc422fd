// links: analyzer/site_id.c analyzer/site_name.c analyzer/arena.c analyzer/table.c analyzer/report/report.c
// What an id survives, and what it tells apart.
#include "analyzer/site_id.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 8 };
#define FRAME(name, object, ...)                                                                             \
    { .function = (name), .module = (object), ##__VA_ARGS__ }

struct stack {
    struct report_frame frames[MOST];
};

static struct report_site site_of(const char *call, struct stack *stack) {
    struct report_site site = {.call = call, .frames = stack->frames, .count = 1};
    while (site.frame_count < MOST &&
           (stack->frames[site.frame_count].function || stack->frames[site.frame_count].module))
        site.frame_count++;
    return site;
}

static uint64_t hash_of(const char *call, struct stack stack) {
    struct report_site site = site_of(call, &stack);
    return site_hash(&site);
}

#define HASH(call, ...) hash_of((call), (struct stack){{__VA_ARGS__}})

START_TEST(another_build_of_the_same_leak_has_the_same_hash) {
    uint64_t hash = HASH("malloc", FRAME("node_new", "/a/prog", .line = 10, .offset = 16, .file = "/a/x.c"),
                         FRAME("parse", "/a/prog", .line = 20), FRAME("main", "/a/prog", .line = 30));
    // moved, rebuilt elsewhere, inlined, cloned by the optimiser
    ck_assert_uint_eq(hash, HASH("malloc", FRAME("node_new.isra.0", "/b/c/prog", .line = 210, .offset = 32),
                                 FRAME("parse", "/b/c/prog", .line = 7, .inlined = true),
                                 FRAME("main", "/b/c/prog", .build_id = "12")));
    // malloc and memset became calloc; libc's and the loader's frames; a partial inline; libtool
    ck_assert_uint_eq(hash,
                      HASH("calloc", FRAME("node_new.part.0", "/a/prog"),
                           FRAME("node_new", "/a/prog", .inlined = true), FRAME("parse", "/a/.libs/lt-prog"),
                           FRAME("main", "/a/prog"), FRAME("__libc_start_call_main", "/lib/libc.so.6"),
                           FRAME("_start", "/a/prog")));
    // C++'s containers between
    ck_assert_uint_eq(hash,
                      HASH("malloc", FRAME("operator new(unsigned long)", "/usr/lib/libstdc++.so.6"),
                           FRAME("std::vector<int>::push_back(int)", "/a/prog"), FRAME("node_new", "/a/prog"),
                           FRAME("parse(int)", "/a/prog"), FRAME("main", "/a/prog")));
    ck_assert_uint_ne(hash, HASH("malloc", FRAME("node_new", "/a/prog"), FRAME("scan", "/a/prog"),
                                 FRAME("main", "/a/prog")));
    ck_assert_uint_ne(hash, HASH("realloc", FRAME("node_new", "/a/prog"), FRAME("parse", "/a/prog"),
                                 FRAME("main", "/a/prog")));
    ck_assert_uint_ne(hash, HASH("malloc", FRAME("node_new", "/a/other"), FRAME("parse", "/a/other"),
                                 FRAME("main", "/a/other")));
}
END_TEST

START_TEST(of_a_system_library_only_what_the_program_called_counts) {
    uint64_t hash = HASH("malloc", FRAME("g_malloc", "/usr/lib/libglib-2.0.so.0"),
                         FRAME("g_strdup", "/usr/lib/libglib-2.0.so.0"), FRAME("main", "/a/prog"));
    ck_assert_uint_eq(hash,
                      HASH("malloc", FRAME(NULL, "/usr/lib/libglib-2.0.so.0.74", .offset = 99),
                           FRAME("inner", "/usr/lib/libglib-2.0.so.0.74"),
                           FRAME("g_strdup", "/usr/lib/libglib-2.0.so.0.74"), FRAME("main", "/a/prog")));
    ck_assert_uint_ne(hash, HASH("malloc", FRAME("g_malloc", "/usr/lib/libglib-2.0.so.0"),
                                 FRAME("g_new", "/usr/lib/libglib-2.0.so.0"), FRAME("main", "/a/prog")));
    ck_assert_uint_ne(
        HASH("malloc", FRAME("a", "/a/libx.so.1"), FRAME("b", "/a/libx.so.1")),
        HASH("malloc", FRAME("c", "/a/libx.so.1"), FRAME("b", "/a/libx.so.1"))); // not a system's
}
END_TEST

START_TEST(without_names_build_and_offset_tell) {
    uint64_t hash = HASH("malloc", FRAME(NULL, "/a/prog", .build_id = "01", .offset = 8));
    ck_assert_uint_eq(hash, HASH("malloc", FRAME(NULL, "/b/prog", .build_id = "01", .offset = 8)));
    ck_assert_uint_ne(hash, HASH("malloc", FRAME(NULL, "/a/prog", .build_id = "02", .offset = 8)));
    ck_assert_uint_ne(hash, HASH("malloc", FRAME(NULL, "/a/prog", .build_id = "01", .offset = 9)));
    // nothing of the program's own: all frames count
    ck_assert_uint_ne(HASH("malloc", FRAME("setlocale", "/lib/libc.so.6")),
                      HASH("malloc", FRAME("tzset", "/lib/libc.so.6")));
}
END_TEST

// Two calls in one function, seen in two processes of a report, in whatever order.
static void two_lines(bool second_first, char ids[2][17]) {
    struct stack first = {{FRAME("f", "/a/prog", .file = "x.c", .line = 10, .offset = 64)}};
    struct stack second = {{FRAME("f", "/a/prog", .file = "x.c", .line = 11, .offset = 32)}};
    struct report_site both[2] = {site_of("malloc", second_first ? &second : &first),
                                  site_of("malloc", second_first ? &first : &second)};
    struct report_site alone = site_of("malloc", &second);
    alone.verdict = VERDICT_POSSIBLE;
    struct report_process processes[] = {{.sites = &alone, .site_count = 1},
                                         {.sites = both, .site_count = 2}};
    struct report report = {.processes = processes, .process_count = 2};
    site_ids_assign(&report);
    strcpy(ids[0], both[second_first].id);
    strcpy(ids[1], both[!second_first].id);
    ck_assert_str_eq(alone.id, ids[1]); // the same stack in another process, with another verdict
}

START_TEST(what_shares_a_hash_is_told_apart_by_lines) {
    char ids[2][17], again[2][17];
    two_lines(false, ids);
    two_lines(true, again);
    ck_assert_str_ne(ids[0], ids[1]);
    ck_assert_str_eq(ids[0], again[0]);
    ck_assert_str_eq(ids[1], again[1]);
}
END_TEST

START_TEST(two_builds_in_one_report_share_their_ids) {
    struct stack gcc = {{FRAME("f", "/a/prog", .build_id = "01", .line = 10, .offset = 64)}};
    struct stack clang = {{FRAME("f", "/b/prog", .build_id = "02", .line = 10, .offset = 32)}};
    struct report_site sites[2] = {site_of("malloc", &gcc), site_of("malloc", &clang)};
    struct report_process processes[] = {{.sites = sites, .site_count = 1},
                                         {.sites = sites + 1, .site_count = 1}};
    site_ids_assign(&(struct report){.processes = processes, .process_count = 2});
    ck_assert_str_eq(sites[0].id, sites[1].id);
    ck_assert_uint_eq(strspn(sites[0].id, "0123456789abcdef"), 16);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, another_build_of_the_same_leak_has_the_same_hash);
    tcase_add_test(tests, of_a_system_library_only_what_the_program_called_counts);
    tcase_add_test(tests, without_names_build_and_offset_tell);
    tcase_add_test(tests, what_shares_a_hash_is_told_apart_by_lines);
    tcase_add_test(tests, two_builds_in_one_report_share_their_ids);
}
SEEP_TEST_MAIN("site ids")
