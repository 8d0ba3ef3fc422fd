// What Go's runtime keeps for itself is set aside and still counted; what programs acquire through cgo is
// not.
// links: analyzer/go_runtime.c

#include "analyzer/go_runtime.h"
#include "tests/lib/suite.h"

#include <check.h>

enum { FRAMES = 8 };

static struct report_frame frames[FRAMES];

static struct report_site site_of(const char *const *functions) {
    size_t count = 0;
    for (; functions[count]; count++)
        frames[count] = (struct report_frame){.function = functions[count][0] ? functions[count] : NULL};
    return (struct report_site){.kind = SITE_HEAP,
                                .verdict = VERDICT_UNCLASSIFIED,
                                .count = 2,
                                .bytes = 672,
                                .frames = frames,
                                .frame_count = count};
}
#define SITE(...) site_of((const char *const[]){__VA_ARGS__, NULL})

START_TEST(what_the_runtime_calls_for_itself_is_its_own) {
    struct report_site site = SITE("calloc", "_dl_allocate_tls", "_cgo_sys_thread_start",
                                   "runtime.asmcgocall", "runtime.newm1", "runtime.main");
    ck_assert(site_is_go_runtimes(&site));
    site = SITE("", "", "runtime.asmcgocall", "runtime.asmcgocall", "runtime.newm1");
    ck_assert(site_is_go_runtimes(&site));
    site = SITE("calloc", "x_cgo_sys_thread_create", "_rt0_amd64_lib", "call_init");
    ck_assert(site_is_go_runtimes(&site));
}
END_TEST

START_TEST(what_programs_acquire_is_theirs) {
    struct report_site site = SITE("make_block", "runtime.asmcgocall", "runtime.cgocall", "main.main");
    ck_assert(!site_is_go_runtimes(&site));
    site = SITE("make_block", "main");
    ck_assert(!site_is_go_runtimes(&site));
    site = SITE("", "runtime.asmcgocall");
    ck_assert(!site_is_go_runtimes(&site));
    // a callback on the way: the innermost call decides
    site = SITE("make_block", "runtime.asmcgocall", "runtime.cgocall", "main.f", "runtime.asmcgocall",
                "runtime.newm1");
    ck_assert(!site_is_go_runtimes(&site));
}
END_TEST

START_TEST(blocks_are_counted_once) {
    struct report_site site = SITE("", "runtime.asmcgocall", "runtime.newm1");
    struct report_process process = {.sites = &site, .site_count = 1};
    process.verdicts.by[VERDICT_UNCLASSIFIED].blocks = 5;
    process.verdicts.by[VERDICT_UNCLASSIFIED].bytes = 1000;
    for (int twice = 0; twice < 2; twice++) {
        go_runtime_set_aside(&process);
        ck_assert_ptr_nonnull(site.suppressed_by);
        ck_assert_uint_eq(process.verdicts.by[VERDICT_UNCLASSIFIED].blocks, 3);
        ck_assert_uint_eq(process.verdicts.by[VERDICT_UNCLASSIFIED].bytes, 328);
        ck_assert_uint_eq(process.verdicts.suppressed.blocks, 2);
        ck_assert_uint_eq(process.verdicts.suppressed.bytes, 672);
    }
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, what_the_runtime_calls_for_itself_is_its_own);
    tcase_add_test(tests, what_programs_acquire_is_theirs);
    tcase_add_test(tests, blocks_are_counted_once);
}
SEEP_TEST_MAIN("go runtime")
