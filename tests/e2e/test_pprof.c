// The pprof format under Go's own tool.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <stdio.h>
#include <string.h>

// Runs the program with a profile in this file.
static const char *profile_of(const char *file, const char *program, const char *argument) {
    const char *path = test_path(file);
    run(&(struct command){.argv = {seep_path(), "run", "--show", "all", "-f", text("pprof=%s", path), "--",
                                   program_path(program), argument}});
    return path;
}

static const char *pprof(const char *option, const char *more, const char *profile) {
    struct outcome outcome =
        run(&(struct command){.argv = {"go", "tool", "pprof", option, more, profile}, .limit_seconds = 120});
    ck_assert_msg(exit_status(&outcome) == 0, "pprof %s %s failed:\n%s", option, more, outcome.err);
    return outcome.out;
}

#define ASSERT_SAYS(output, words)                                                                           \
    ck_assert_msg(strstr(output, words) != NULL, "no '%s' in:\n%s", words, output)

START_TEST(top_shows_what_is_left_and_what_was_acquired) {
    const char *profile = profile_of("five.pb.gz", "five_sites", NULL);
    const char *top = pprof("-top", "-unit=B", profile);
    ASSERT_SAYS(top, "Type: inuse_space");
    ASSERT_SAYS(top, "  5000B 33.33% 33.33%      5000B 33.33%  leaks_five");
    ASSERT_SAYS(top, text("command: %s", program_path("five_sites")));
    ck_assert(!strstr(top, "leaks_nothing"));
    top = pprof("-top", "-sample_index=alloc_objects", profile);
    ASSERT_SAYS(top, "  leaks_nothing"); // gave back what it acquired
}
END_TEST

START_TEST(list_shows_the_source_line) {
    const char *listing = pprof("-list=leaks_five", "-unit=B", profile_of("five.pb.gz", "five_sites", NULL));
    ASSERT_SAYS(listing, "ROUTINE ======================== leaks_five in ");
    ASSERT_SAYS(listing, "tests/programs/five_sites.c\n"); // clang says from the root
    ASSERT_SAYS(listing, "5000B      5000B");
    ASSERT_SAYS(listing, "malloc("); // the line itself
}
END_TEST

START_TEST(go_functions_are_listed_as_gos_own_profiles_list_them) {
    const char *path = test_path("go.pb.gz");
    run(&(struct command){.argv = {seep_path(), "run", "--show", "all", "-f", text("pprof=%s", path), "--",
                                   program_path("go/incidents"), "frames", "10"}});
    const char *top = pprof("-top", "-unit=B", path);
    ASSERT_SAYS(top, "10485760B   100%  main.(*codec).Decode\n");
    ASSERT_SAYS(top, "10485760B   100%  main.decodeFrames\n");
    const char *listing = pprof("-list=codec.*Decode", "-unit=B", path);
    ASSERT_SAYS(listing, "main.(*codec).Decode in ");
    ASSERT_SAYS(listing, "10485760B");
    ASSERT_SAYS(listing, "C.codec_frame()"); // the line itself
}
END_TEST

START_TEST(base_subtracts_another_run) {
    const char *two = profile_of("two.pb.gz", "leaf", "2"), *five = profile_of("five.pb.gz", "leaf", "5");
    struct outcome outcome = run(&(struct command){
        .argv = {"go", "tool", "pprof", "-top", "-sample_index=inuse_objects", text("-base=%s", two), five}});
    ck_assert_int_eq(exit_status(&outcome), 0);
    ASSERT_SAYS(outcome.out, "Showing nodes accounting for 3, ");
    outcome = run(&(struct command){.argv = {"go", "tool", "pprof", "-top", "-sample_index=inuse_objects",
                                             text("-base=%s", five), five}});
    ck_assert_int_eq(exit_status(&outcome), 0);
    ASSERT_SAYS(outcome.out, "Showing nodes accounting for 0, ");
}
END_TEST

START_TEST(mangled_names_are_kept) {
    const char *raw = pprof("-raw", "-symbolize=none", profile_of("cxx.pb.gz", "frames_cxx", NULL));
    ASSERT_SAYS(raw, "(_Z"); // the system's name stands behind the one for people
}
END_TEST

START_TEST(tags_tell_kinds_and_verdicts) {
    const char *tags = pprof("-tags", "-unit=B", profile_of("five.pb.gz", "five_sites", NULL));
    ASSERT_SAYS(tags, " kind: Total");
    ASSERT_SAYS(tags, " verdict: Total");
    ASSERT_SAYS(tags, "heap");
}
END_TEST

START_TEST(the_web_pages_come_up) {
    static const char script[] =
        "tool=$(go env GOTOOLDIR)/pprof\n"
        "\"$tool\" -no_browser -http=localhost: \"$1\" 2>\"$1.log\" &\n"
        "until url=$(sed -n 's/^Serving web UI on //p' \"$1.log\") && [ -n \"$url\" ]; do\n"
        "kill -0 $! || { cat \"$1.log\" >&2; echo \" failed\"; exit; }\n"
        "sleep 0.05; done\n"
        "for page in top flamegraph peek 'source?f=leaks_five'; do curl -sSfL \"$url/ui/$page\" || echo "
        "\"$page failed\"; done\n"
        "kill $!\n";
    const char *profile = profile_of("five.pb.gz", "five_sites", NULL);
    struct outcome outcome = run(&(struct command){.argv = {"sh", "-c", script, "pprof", profile},
                                                   .env = {text("HOME=%s", test_directory())}});
    ck_assert_msg(!strstr(outcome.out, " failed\n"), "%s", outcome.err);
    ASSERT_SAYS(outcome.out, "leaks_five");
    ASSERT_SAYS(outcome.out, "inuse_space");
}
END_TEST

START_TEST(a_terminal_is_spared_it) {
    struct outcome outcome = run(&(struct command){
        .argv = {"script", "-qec", text("%s run -f pprof -- touch %s", seep_path(), test_path("ran")),
                 "/dev/null"}});
    ck_assert_int_eq(exit_status(&outcome), 125);
    ASSERT_SAYS(outcome.out,
                "seep: the pprof report is binary, not for a terminal; name a file: --format pprof=FILE");
    FILE *ran = fopen(test_path("ran"), "r");
    ck_assert_ptr_null(ran); // refused before anything happened
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, top_shows_what_is_left_and_what_was_acquired);
    tcase_add_test(tests, list_shows_the_source_line);
    tcase_add_test(tests, go_functions_are_listed_as_gos_own_profiles_list_them);
    tcase_add_test(tests, base_subtracts_another_run);
    tcase_add_test(tests, mangled_names_are_kept);
    tcase_add_test(tests, tags_tell_kinds_and_verdicts);
    tcase_add_test(tests, the_web_pages_come_up);
    tcase_add_test(tests, a_terminal_is_spared_it);
}
SEEP_TEST_MAIN("pprof")
