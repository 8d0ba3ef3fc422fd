// links: analyzer/report/*.c analyzer/arena.c analyzer/table.c analyzer/whole_file.c
// flags: -ljansson -lz
//
// The formats for reviewers and CI servers, against golden files (tests/golden/NAME.FORMAT from NAME.json;
// SEEP_GOLDEN=write writes them anew); what they share; and the two that are made of lines, read back from
// reports made of hostile names.
#include "tests/lib/suite.h"
#include "tests/unit/writers_fixture.h"

#include <unistd.h>

static const struct {
    const char *name;
    writer write;
} writers[] = {{"junit", report_write_junit},       {"github", report_write_github},
               {"markdown", report_write_markdown}, {"folded", report_write_folded},
               {"sarif", report_write_sarif},       {"suppressions", report_write_suppressions}};
enum { WRITERS = sizeof writers / sizeof writers[0] };

START_TEST(prints_as_the_golden_file_has_it) {
    const char *name = golden_reports[_i / WRITERS];
    struct report *report = load(name);
    char *text = render(writers[_i % WRITERS].write, report, SHOW_DEFAULT, "/home/ann/leaky");
    assert_golden(name, writers[_i % WRITERS].name, text);
    free(text);
    report_free(report);
}
END_TEST

// --- folded
// ----------------------------------------------------------------------------------------------------------

static size_t frames_in(const char *line) {
    size_t frames = 1;
    for (; *line; line++)
        frames += *line == ';';
    return frames;
}

START_TEST(folded_survives_hostile_names) {
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct report *report = hostile_report(seed);
        struct arena *arena = arena_new();
        struct listing listing = list(arena, report, SHOW_ALL);
        char *text = render(report_write_folded, report, SHOW_ALL, "/");
        assert_clean(text);
        char *rest = text;
        for (size_t i = 0; i < listing.count; i++) {
            const struct report_site *site = listing.sites[i].site;
            if (site->kind != SITE_HEAP)
                continue;
            char *line = strsep(&rest, "\n");
            ck_assert_ptr_nonnull(line);
            char *figure = strrchr(line, ' ');
            ck_assert_ptr_nonnull(figure);
            ck_assert_uint_eq(strtoull(figure, NULL, 10), listing.sites[i].bytes);
            ck_assert_uint_eq(frames_in(line), site->frame_count + site->truncated + 2);
        }
        ck_assert_str_eq(rest ? rest : "", "");
        free(text);
        arena_free(arena);
        report_free(report);
    }
}
END_TEST

START_TEST(folded_stacks_have_one_unit) {
    struct report *report = load("gated");
    char *text = render(report_write_folded, report, 1u << VERDICT_OPEN, NULL);
    ck_assert_str_eq(text, "leaky;main;log_open;open 3\n");
    free(text);
    text = render(report_write_folded, report, 1u << VERDICT_OPEN | 1u << VERDICT_MAPPED, NULL);
    ck_assert_str_eq(text, "leaky;(truncated);?? in libplug.so+0x4e1f;mmap 8192\n");
    free(text);
    text = render(report_write_folded, report, SHOW_ALL, NULL);
    ck_assert_ptr_null(strstr(text, "mmap"));
    ck_assert_ptr_null(strstr(text, "log_open"));
    free(text);
    report_free(report);
}
END_TEST

// --- suppressions
// ----------------------------------------------------------------------------------------------------

// Each line is what it should be, in its place: nothing in a name ends an entry or begins another.
static void assert_suppressions(char *text) {
    assert_clean(text);
    int place = 0; // 0: outside, 1: name, 2: comment, 3: kind, 4: match-leak-kinds or fun, 5: frames
    for (char *line; (line = strsep(&text, "\n")) && *line;) {
        bool leaves = strcmp(line, "}") == 0;
        switch (place) {
        case 0:
            REQUIRE(*line == '#' || strcmp(line, "{") == 0 || strncmp(line, "map:", 4) == 0,
                    "'%s' is outside", line);
            place = strcmp(line, "{") == 0;
            break;
        case 1:
            REQUIRE(strncmp(line, "   seep-", 8) == 0, "'%s' is no name", line);
            place = 2;
            break;
        case 2:
            REQUIRE(strncmp(line, "   # ", 5) == 0, "'%s' is no comment", line);
            place = 3;
            break;
        case 3:
            REQUIRE(strcmp(line, "   Memcheck:Leak") == 0 || strcmp(line, "   CoreError:FdNotClosed") == 0,
                    "'%s' is no kind", line);
            place = 4;
            break;
        case 4:
            if (strncmp(line, "   match-leak-kinds: ", 21) == 0)
                break;
            REQUIRE(strncmp(line, "   fun:", 7) == 0 && line[7], "'%s' is no call", line);
            place = 5;
            break;
        default:
            REQUIRE(leaves ||
                        ((strncmp(line, "   fun:", 7) == 0 || strncmp(line, "   obj:", 7) == 0) && line[7]) ||
                        strcmp(line, "   ...") == 0,
                    "'%s' is no frame", line);
            place = leaves ? 0 : 5;
        }
    }
    ck_assert_int_eq(place, 0);
}

START_TEST(suppressions_survive_hostile_names) {
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct report *report = hostile_report(seed);
        char *text = render(report_write_suppressions, report, SHOW_ALL, NULL);
        assert_suppressions(text);
        free(text);
        text = render(report_write_suppressions, report, 1u << VERDICT_MAPPED, NULL);
        ck_assert_ptr_null(strstr(text, "# map:"));
        assert_suppressions(text);
        free(text);
        report_free(report);
    }
}
END_TEST

// --- what they share
// ---------------------------------------------------------------------------------------------------

START_TEST(a_site_of_several_processes_is_listed_once) {
    struct report *report = load("gated");
    struct arena *arena = arena_new();
    struct report_process *twice = arena_array(arena, struct report_process, 2);
    twice[0] = twice[1] = report->processes[0];
    report->processes = twice;
    size_t before = list(arena, report, SHOW_ALL).count; // of one: process_count is still 1
    report->process_count = 2;
    struct listing listing = list(arena, report, SHOW_ALL);
    ck_assert_uint_eq(listing.count, before);
    ck_assert_uint_eq(listing.sites[0].count, 2000);
    ck_assert_uint_eq(listing.sites[0].bytes, 64000);
    ck_assert_uint_eq(listing.sites[0].processes, 2);
    ck_assert_str_eq(listed_title(arena, &listing.sites[0]),
                     "2,000 blocks (62.5 KiB) definitely lost in 2 processes");
    arena_free(arena);
    report_free(report);
}
END_TEST

START_TEST(source_paths_count_from_the_root) {
    static const struct {
        const char *root, *file, *path;
    } cases[] = {{"/a/b", "/a/b/c.c", "c.c"},       {"/a/b", "/a/b/./d/../c.c", "c.c"},
                 {"/a/b", "/a/bc/c.c", NULL},       {"/a/b", "/a/b", NULL},
                 {"/a/b", "/a/b/../c.c", NULL},     {"/a/b", "src/c.c", "src/c.c"},
                 {"/a/b", "./src//c.c", "src/c.c"}, {"/a/b", "../c.c", NULL},
                 {"/a/b", "x/../../c.c", NULL},     {"", "/usr/x.c", "usr/x.c"},
                 {NULL, "/a/b/c.c", NULL},          {"/a/b", "", NULL}};
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *path = source_path(arena, cases[i].root, cases[i].file);
        if (cases[i].path)
            ck_assert_pstr_eq(path, cases[i].path);
        else
            ck_assert_msg(!path, "%s in %s is %s", cases[i].file, cases[i].root, path);
    }
    arena_free(arena);
}
END_TEST

START_TEST(what_cgo_generated_is_in_nobodys_sources) {
    struct report_frame frames[] = {
        {.function = "C.cache_put", .file = "cache/cache.c", .line = 3},
        {.function = "_cgo_0123456789ab_Cfunc_cache_put", .file = "cgo-gcc-prolog"},
        {.function = "runtime.asmcgocall", .file = "/usr/lib/go/src/runtime/asm.s"},
        {.function = "main._Cfunc_cache_put", .file = "_cgo_gotypes.go", .line = 43},
        {.function = "main.(*Cache).Put", .file = "/src/cache.go", .line = 20}};
    struct report_site site = {.frames = frames, .frame_count = 5};
    struct arena *arena = arena_new();
    const char *path;
    size_t count;
    const struct report_frame **shown = frames_for_people(arena, &site, &count);
    ck_assert_uint_eq(count, 2);
    ck_assert_ptr_eq(shown[1], &frames[4]);
    site.frames = &frames[1];
    site.frame_count = 4;
    ck_assert_ptr_eq(frame_in_sources(arena, &site, "/src", &path), &frames[4]);
    ck_assert_str_eq(path, "cache.go");
    site.frame_count = 3; // nothing else is left: then it is shown
    ck_assert_ptr_null(frame_in_sources(arena, &site, "/src", &path));
    frames_for_people(arena, &site, &count);
    ck_assert_uint_eq(count, 3);
    arena_free(arena);
}
END_TEST

START_TEST(the_root_is_what_is_said_or_what_ci_says_or_here) {
    struct arena *arena = arena_new();
    char here[4096];
    ck_assert_ptr_nonnull(getcwd(here, sizeof here));
    unsetenv("GITHUB_WORKSPACE");
    unsetenv("CI_PROJECT_DIR");
    ck_assert_str_eq(source_root(arena, &(struct options){0}), here);
    setenv("CI_PROJECT_DIR", "/builds/x/", 1);
    ck_assert_str_eq(source_root(arena, &(struct options){0}), "/builds/x");
    setenv("GITHUB_WORKSPACE", "/home/runner/work/x", 1);
    ck_assert_str_eq(source_root(arena, &(struct options){0}), "/home/runner/work/x");
    ck_assert_str_eq(source_root(arena, &(struct options){.source_root = "/src//y/."}), "/src/y");
    ck_assert_str_eq(source_root(arena, &(struct options){.source_root = "tests"}),
                     arena_printf(arena, "%s/tests", here));
    arena_free(arena);
}
END_TEST

START_TEST(long_names_are_cut_between_characters) {
    struct arena *arena = arena_new();
    ck_assert_str_eq(shortened(arena, "sixteen letters.", 16), "sixteen letters.");
    ck_assert_str_eq(shortened(arena, "seventeen letters", 16), "seventeen let...");
    ck_assert_str_eq(
        shortened(arena, "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5", 16),
        "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5...");
    arena_free(arena);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, prints_as_the_golden_file_has_it, 0, GOLDEN_REPORTS * WRITERS);
    tcase_add_test(tests, folded_survives_hostile_names);
    tcase_add_test(tests, folded_stacks_have_one_unit);
    tcase_add_test(tests, suppressions_survive_hostile_names);
    tcase_add_test(tests, a_site_of_several_processes_is_listed_once);
    tcase_add_test(tests, source_paths_count_from_the_root);
    tcase_add_test(tests, what_cgo_generated_is_in_nobodys_sources);
    tcase_add_test(tests, the_root_is_what_is_said_or_what_ci_says_or_here);
    tcase_add_test(tests, long_names_are_cut_between_characters);
}
SEEP_TEST_MAIN("writers")
