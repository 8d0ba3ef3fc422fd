// links: analyzer/gate/suppressions_read.c analyzer/gate/suppressions_valgrind.c analyzer/gate/suppressions_match.c
// links: analyzer/gate/suppressions_sieve.c analyzer/gate/function_match.c analyzer/table.c
// links: analyzer/gate/suppressions_built_in.c analyzer/gate/mangled.c analyzer/gate/glob.c
// links: analyzer/gate/text_file.c analyzer/symbols/demangle.c analyzer/site_name.c analyzer/arena.c
// links: analyzer/report/report.c analyzer/report/units.c analyzer/whole_file.c
// flags: -l:libiberty.a
//
// Both formats of suppressions: what they match, what they don't, and what is malformed.
#include "analyzer/gate/glob.h"
#include "analyzer/gate/suppressions.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct report_frame frames[] = {
    {.function = "operator new(unsigned long)", .module = "/usr/lib/libstdc++.so.6"},
    {.function = "ns::Box<int>::grow(int)",
     .file = "/src/box.cc",
     .line = 12,
     .module = "/opt/app/libbox.so"},
    {.function = "load", .file = "load.c", .line = 7, .module = "/opt/app/app"},
    {.module = "/opt/app/app"},
    {.function = "main", .module = "/opt/app/app"},
};

// Behind more patterns that match nothing than the sieve has bits, and the built-in ones' before them.
static bool suppressed_among_many(const char *text, struct report_site *site) {
    static const char none[] = "{\nn\nMemcheck:Leak\n...\nfun:nowhere*\nfun:mai?\n}\n";
    struct suppressions *all = suppressions_new();
    char message[256];
    suppressions_add_built_in(all);
    for (size_t i = 0; i < 40; i++)
        suppressions_parse(all, none, strlen(none), "n", message, sizeof message);
    suppressions_parse(all, text, strlen(text), "s", message, sizeof message);
    struct report *report = report_new();
    struct report_process process = {.sites = site, .site_count = 1};
    report->processes = &process;
    report->process_count = 1;
    site->suppressed_by = NULL;
    suppressions_apply(all, report);
    bool suppressed = site->suppressed_by != NULL;
    report_free(report);
    suppressions_free(all);
    return suppressed;
}

static bool matched(const char *text, const char *call, enum verdict verdict) {
    struct suppressions *all = suppressions_new();
    char message[256] = "";
    int rc = suppressions_parse(all, text, strlen(text), "s", message, sizeof message);
    ck_assert_msg(rc == 0, "%s: %s", text, message);
    struct report_site site = {.call = call, .verdict = verdict, .frames = frames, .frame_count = 5};
    bool any = false;
    for (size_t i = 0; i < all->count; i++)
        any |= suppression_matches(&all->list[i], &site);
    suppressions_free(all);
    ck_assert_msg(any == suppressed_among_many(text, &site), "%s: among others it is another", text);
    return any;
}

static bool matches(const char *text) {
    return matched(text, "malloc", VERDICT_DEFINITE);
}

START_TEST(wildcards) {
    static const struct {
        const char *pattern, *text;
        bool glob, found;
    } cases[] = {
        {"a", "a", true, true},        {"a", "ba", false, true},   {"^a", "ba", false, false},
        {"a$", "ab", false, false},    {"a$", "ba", false, true},  {"a*c", "abbc", true, true},
        {"a?c", "abc", true, false},   {"*b*", "abc", true, true}, {"", "", true, true},
        {"*", "", true, true},         {"b", "", false, false},    {"a*b*c", "aXbXXc", true, true},
        {"^a*c$", "abc", false, true}, {"ab", "aab", false, true}, {"a*ab", "aaab", true, true},
        {"^", "x", false, true},       {"x$", "xax", false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(glob_match(cases[i].pattern, cases[i].text) == cases[i].glob, "glob %s %s",
                      cases[i].pattern, cases[i].text);
        ck_assert_msg(template_match(cases[i].pattern, cases[i].text) == cases[i].found, "template %s %s",
                      cases[i].pattern, cases[i].text);
    }
}
END_TEST

// The pairs are only there to spare attempts: none that would succeed may be spared.
START_TEST(what_matches_has_the_pairs_that_are_needed) {
    static const char letters[] = "ab*?:";
    uint32_t state = 1;
    size_t matched = 0, spared = 0;
    for (int round = 0; round < 200000; round++) {
        char pattern[8] = "", text[8] = "";
        for (size_t i = 0; i < 5; i++) {
            state = state * 1664525 + 1013904223;
            pattern[i] = (state >> 16) % 6 ? letters[(state >> 24) % 5] : '\0';
            text[i] = (state >> 12) % 6 ? letters[(state >> 8) % 2] : '\0';
        }
        bool has_all = !(glob_pairs_needed(pattern) & ~glob_pairs_of(text));
        bool matches = glob_match(pattern, text);
        ck_assert_msg(!matches || has_all, "%s %s", pattern, text);
        matched += matches;
        spared += !has_all;
    }
    ck_assert_uint_gt(matched, 1000);
    ck_assert_uint_gt(spared, 1000);
}
END_TEST

START_TEST(leak_sanitizers_patterns_are_looked_for_in_every_frame) {
    ck_assert(matches("leak:load"));
    ck_assert(matches("# why\n\nleak:nothing\nleak:libbox\n"));
    ck_assert(matches("leak:box.cc\r\n"));
    ck_assert(matches("leak:^ns::*grow"));
    ck_assert(matches("leak:^load$"));
    ck_assert(!matches("leak:^oad"));
    ck_assert(!matches("leak:nothing"));
    ck_assert(!matches("fd:load"));
    ck_assert(matched("fd:load", "open", VERDICT_OPEN));
    ck_assert(matched("map:load", "mmap", VERDICT_MAPPED));
    ck_assert(!matched("leak:load", "open", VERDICT_OPEN));
}
END_TEST

#define ENTRY(stack) "{\n   a name\n   Memcheck:Leak\n" stack "}\n"

START_TEST(valgrinds_entries_follow_the_stack) {
    ck_assert(matches(ENTRY("fun:malloc\nfun:_Znwm\nfun:_ZN2ns3BoxIiE4growEi\nfun:load\n")));
    ck_assert(matches(ENTRY("   fun:_Znwm\n   fun:ns::Box::grow\n")));
    ck_assert(matches(ENTRY("fun:_Zn*\nfun:_ZN2ns3Box*\n")));
    ck_assert(matches(ENTRY("fun:*alloc\n...\nfun:load\n")));
    ck_assert(matches(ENTRY("...\nfun:main\n")));
    ck_assert(matches(ENTRY("...\nsrc:load.c:7\nobj:*/app\nfun:m?in\n")));
    ck_assert(matches(ENTRY("...\nsrc:box.cc\n")));
    ck_assert(matches(ENTRY("obj:*vgpreload_memcheck*\nobj:*libstdc++*\nobj:/opt/app/libbox.so\n")));
    ck_assert(!matches(ENTRY("fun:malloc\nfun:load\n")));
    ck_assert(!matches(ENTRY("...\nsrc:load.c:8\n")));
    ck_assert(!matches(ENTRY("...\nfun:main\nfun:more\n")));
    ck_assert(!matches(ENTRY("fun:calloc\n...\n")));
    ck_assert(matches("{\nx\nMemcheck:Cond\nfun:main\n}\n" ENTRY("...\nfun:load\n")));
    ck_assert(!matches("{\nx\nMemcheck:Param\nwrite(buf)\n...\nfun:main\n}\n"));
}
END_TEST

START_TEST(kinds_say_which_verdicts) {
    ck_assert(matches(ENTRY("match-leak-kinds: definite\n...\nfun:main\n")));
    ck_assert(!matches(ENTRY("match-leak-kinds:reachable,possible\n...\nfun:main\n")));
    ck_assert(matched(ENTRY("match-leak-kinds: all\n...\nfun:main\n"), "malloc", VERDICT_REACHABLE));
    ck_assert(matched(ENTRY("match-leak-kinds: definite\n...\nfun:main\n"), "malloc", VERDICT_UNCLASSIFIED));
    ck_assert(
        !matched(ENTRY("match-leak-kinds: reachable\n...\nfun:main\n"), "malloc", VERDICT_UNCLASSIFIED));
    ck_assert(!matched(ENTRY("...\nfun:main\n"), "open", VERDICT_OPEN));
    ck_assert(matched("{\nx\nCoreError:FdNotClosed\nfun:open\n}\n", "open", VERDICT_OPEN));
}
END_TEST

START_TEST(malformed_files_are_refused_with_their_line) {
    static const struct {
        const char *text, *message;
    } files[] = {
        {"leak:a\nlaek:b\n", "s:2: 'laek:b' is neither leak:PATTERN, fd:PATTERN nor map:PATTERN"},
        {"leak:\n", "s:1: the pattern after 'leak:' is missing"},
        {"{\nn\nMemcheck:Leak\nfn:x\n}\n",
         "s:4: 'fn:x' is none of fun:, obj:, src:, ..., match-leak-kinds: and }"},
        {"{\nn\nLeak\n", "s:3: 'Leak' is no TOOL:KIND such as Memcheck:Leak"},
        {"\n{\nn\nMemcheck:Leak\nfun:x\n", "s:2: the entry that begins here has no end: }"},
        {"{\nn\n}\n", "s:3: the entry ends before it says what it suppresses: Memcheck:Leak"},
        {"{\nn\nMemcheck:Leak\n}\n", "s:4: the entry has no frame: fun:, obj:, src: or ..."},
        {"{\nn\nMemcheck:Leak\nmatch-leak-kinds: lost\n",
         "s:4: 'lost' is no leak kind; there are definite, indirect, "
         "possible, reachable, unclassified, all and none"},
        {"{\nn\nMemcheck:Leak\nfun:x\n}\nleak:a\n",
         "s:6: 'leak:a' stands outside an entry, which begins with {"},
    };
    struct suppressions *all = suppressions_new();
    char message[256] = "";
    ck_assert_int_eq(
        suppressions_parse(all, files[_i].text, strlen(files[_i].text), "s", message, sizeof message),
        -EINVAL);
    ck_assert_str_eq(message, files[_i].message);
    ck_assert_uint_eq(all->count, 0);
    suppressions_free(all);
}
END_TEST

START_TEST(what_is_suppressed_moves_in_the_totals) {
    struct suppressions *all = suppressions_new();
    char message[256];
    ck_assert_int_eq(suppressions_parse(all, "leak:none\nleak:load\n", 20, "s", message, sizeof message), 0);
    struct report *report = report_new();
    struct report_site sites[] = {{.call = "malloc",
                                   .verdict = VERDICT_POSSIBLE,
                                   .count = 2,
                                   .bytes = 5,
                                   .frames = frames,
                                   .frame_count = 5},
                                  {.call = "malloc", .verdict = VERDICT_POSSIBLE, .count = 1, .bytes = 1}};
    struct report_process process = {.sites = sites, .site_count = 2};
    process.verdicts.by[VERDICT_POSSIBLE].blocks = 3;
    process.verdicts.by[VERDICT_POSSIBLE].bytes = 6;
    report->processes = &process;
    report->process_count = 1;
    suppressions_apply(all, report);
    suppressions_apply(all, report); // twice is once
    ck_assert_str_eq(sites[0].suppressed_by, "leak:load");
    ck_assert_ptr_null(sites[1].suppressed_by);
    ck_assert_uint_eq(process.verdicts.by[VERDICT_POSSIBLE].blocks, 1);
    ck_assert_uint_eq(process.verdicts.suppressed.blocks, 2);
    ck_assert_uint_eq(process.verdicts.suppressed.bytes, 5);
    ck_assert_uint_eq(all->list[0].sites, 0);
    ck_assert_uint_eq(all->list[1].sites, 1);
    ck_assert_str_eq(all->list[1].place, "s:2");
    report_free(report);
    suppressions_free(all);
}
END_TEST

START_TEST(built_in_ones_have_reasons_and_spare_what_is_lost) {
    struct suppressions *all = suppressions_new();
    suppressions_add_built_in(all);
    ck_assert_uint_gt(all->count, 10);
    for (size_t i = 0; i < all->count; i++) {
        ck_assert_ptr_null(all->list[i].place);
        ck_assert_ptr_nonnull(strstr(all->list[i].name, ": "));
        ck_assert_uint_eq(all->list[i].verdicts & (1u << VERDICT_DEFINITE | 1u << VERDICT_INDIRECT), 0);
    }
    // The pool of libstdc++ is; an object that a program's own constructor makes is not.
    struct report_frame pool[] = {{.module = "/usr/lib/x86_64-linux-gnu/libstdc++.so.6"},
                                  {.module = "/usr/lib/x86_64-linux-gnu/libstdc++.so.6"},
                                  {.function = "call_init", .module = "/lib64/ld-linux-x86-64.so.2"}};
    struct report_frame own[] = {pool[0], {.function = "Registry", .module = "/opt/app"}, pool[2]};
    struct report_site sites[] = {
        {.call = "malloc", .verdict = VERDICT_UNCLASSIFIED, .frames = pool, .frame_count = 3},
        {.call = "malloc", .verdict = VERDICT_UNCLASSIFIED, .frames = own, .frame_count = 3}};
    struct report *report = report_new();
    struct report_process process = {.sites = sites, .site_count = 2};
    report->processes = &process;
    report->process_count = 1;
    suppressions_apply(all, report);
    ck_assert_ptr_nonnull(sites[0].suppressed_by);
    ck_assert_ptr_null(sites[1].suppressed_by);
    report_free(report);
    suppressions_free(all);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, wildcards);
    tcase_add_test(tests, what_matches_has_the_pairs_that_are_needed);
    tcase_add_test(tests, leak_sanitizers_patterns_are_looked_for_in_every_frame);
    tcase_add_test(tests, valgrinds_entries_follow_the_stack);
    tcase_add_test(tests, kinds_say_which_verdicts);
    tcase_add_loop_test(tests, malformed_files_are_refused_with_their_line, 0, 9);
    tcase_add_test(tests, what_is_suppressed_moves_in_the_totals);
    tcase_add_test(tests, built_in_ones_have_reasons_and_spare_what_is_lost);
}
SEEP_TEST_MAIN("suppressions")
