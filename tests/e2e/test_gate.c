// A leak as a CI check: the sample project's one leak is in its baseline; fixed, moved, rebuilt otherwise it
// passes, a new one fails, and the exit status is right each time.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *shell(const char *command) {
    struct outcome outcome = run(&(struct command){.argv = {"sh", "-ec", command}});
    ck_assert_msg(exit_status(&outcome) == 0, "%s\n%s%s", command, outcome.out, outcome.err);
    return outcome.out;
}

// Builds the sample in a directory of its own; edit is a shell command run in it before.
static const char *build(const char *directory, const char *edit, const char *compiler) {
    const char *path = test_path(directory);
    shell(text("mkdir -p %s && cp tests/sample/*.[ch] %s && cd %s && %s && %s -g *.c -o test_inventory", path,
               path, path, edit, compiler));
    return text("%s/test_inventory", path);
}

static const char *plain(void) {
    return build("plain", "true", "gcc -O2");
}

enum { MOST_WORDS = 12 };

// seep WORDS... and what it printed; the words end with NULL.
static struct outcome seep(const char *const *words) {
    struct command command = {.argv = {seep_path()}};
    for (size_t i = 0; words[i]; i++)
        command.argv[i + 1] = words[i];
    return run(&command);
}
#define SEEP_SAYS(...) seep((const char *const[]){__VA_ARGS__, NULL})

static void assert_status(const struct outcome *outcome, int status) {
    ck_assert_msg(exit_status(outcome) == status, "status %d, not %d\n%s%s", exit_status(outcome), status,
                  outcome->out, outcome->err);
}

static void assert_says(const char *where, const char *words) {
    ck_assert_msg(strstr(where, words) != NULL, "does not say \"%s\":\n%s", words, where);
}

static const char *baseline_of(const char *program, const char *name) {
    const char *path = test_path(name);
    struct outcome outcome = SEEP_SAYS("run", "--write-baseline", path, "--", program);
    assert_status(&outcome, 0);
    return path;
}

static struct outcome against(const char *baseline, const char *program) {
    return SEEP_SAYS("run", "--fail-on", "new", "--baseline", baseline, "--", program);
}

START_TEST(a_known_leak_passes_and_keeps_its_id_in_every_build) {
    static const struct {
        const char *directory, *edit, *compiler;
    } builds[] = {
        {"o0", "true", "gcc -O0"},
        {"o2", "true", "gcc -O2"},
        {"o3/elsewhere", "true", "gcc -O3 -fPIE"},
        {"lto", "true", "gcc -O2 -flto"},
        {"sections", "true", "gcc -Os -ffunction-sections -no-pie"},
        {"clang", "true", "clang -O2"},
        {"clang0", "true", "clang -O0"},
        {"moved", "for i in $(seq 200); do echo; done | cat - inventory.c > x && mv x inventory.c",
         "gcc -O2"},
    };
    const char *baseline = baseline_of(plain(), "baseline");
    const char *program = build(builds[_i].directory, builds[_i].edit, builds[_i].compiler);
    struct outcome outcome = against(baseline, program);
    assert_status(&outcome, 0);
    assert_says(outcome.err, "seep gate: passed.");
    ck_assert_ptr_null(strstr(outcome.err, "no longer occurs"));
    char *kept = file_read(baseline, NULL), *anew = file_read(baseline_of(program, "anew"), NULL);
    ck_assert_str_eq(kept, anew);
}
END_TEST

START_TEST(a_fixed_leak_passes_and_its_entry_is_listed) {
    const char *baseline = baseline_of(plain(), "baseline");
    struct outcome outcome = against(baseline, build("fixed", "true", "gcc -O2 -DFIXED"));
    assert_status(&outcome, 0);
    assert_says(outcome.err, "no longer occurs: ");
    assert_says(outcome.err, "malloc < copy_of < inventory_add < replaces_names < main");
}
END_TEST

// The last lines say what failed, by how much, and which command accepts it.
START_TEST(a_new_leak_fails_and_the_report_ends_with_what_to_do) {
    const char *baseline = baseline_of(plain(), "baseline");
    const char *program = build("new", "true", "gcc -O2 -DNEW_LEAK");
    struct outcome outcome = against(baseline, program);
    assert_status(&outcome, 23);
    const char *end = strstr(outcome.err, "\nseep gate: FAILED\n");
    ck_assert_msg(end != NULL, "%s", outcome.err);
    assert_says(end, "2 blocks, 9 bytes from 2 sites, and none is allowed\n");
    assert_says(end, ": 1 block, 5 bytes: malloc < copy_of < remember < inventory_add < ");
    assert_says(end, "inventory.c:7)\n");
    const char *command = strstr(end, "  seep run --write-baseline ");
    ck_assert_msg(command != NULL, "%s", end);
    ck_assert_ptr_null(strchr(strchr(command, '\n') + 1, '\n')); // nothing follows

    command = text("%s%.*s", seep_path(), (int)strcspn(command + 6, "\n"), command + 6);
    shell(text("%s 2>/dev/null", command));
    outcome = against(baseline, program);
    assert_status(&outcome, 0);
    outcome = against(baseline, plain()); // known is known, also where it does not occur
    assert_status(&outcome, 0);
}
END_TEST

START_TEST(more_of_a_known_leak_fails_as_grown) {
    const char *edit =
        "sed -i 's/\"nut\");/\"nut\"), inventory_add(inventory, 3, \"nut\");/' test_inventory.c";
    const char *baseline = baseline_of(plain(), "baseline");
    const char *program = build("grown", edit, "gcc -O2");
    struct outcome outcome = against(baseline, program);
    assert_status(&outcome, 23);
    assert_says(outcome.err, "new "); // another line of replaces_names(): another site
    shell(text("sed -i 's/ 1 malloc/ 0 malloc/' %s", baseline));
    outcome = against(baseline, plain());
    assert_status(&outcome, 23);
    assert_says(outcome.err, "  grown ");
    assert_says(outcome.err, "1 instead of 0");
    shell(text("sed -i 's/ 0 malloc/ 0+1 malloc/' %s", baseline));
    outcome = against(baseline, plain());
    assert_status(&outcome, 0);
}
END_TEST

START_TEST(an_update_keeps_comments_and_tolerances) {
    const char *baseline = baseline_of(plain(), "baseline");
    shell(text("sed -i -e '1a# ours' -e 's/^\\([0-9a-f]\\{16\\} [a-z]* \\)1 \\(.*\\)/# bug 7\\n\\11+2 \\2  # "
               "soon/' %s",
               baseline));
    baseline_of(build("new", "true", "gcc -O2 -DNEW_LEAK"), "baseline");
    char *content = file_read(baseline, NULL);
    assert_says(content, "# ours\n");
    assert_says(content, "\n# bug 7\n");
    assert_says(content, " 1+2 malloc < copy_of < inventory_add < replaces_names < main  # soon\n");
    assert_says(content, " 1 malloc < copy_of < remember < inventory_add < replaces_names < main\n");
}
END_TEST

START_TEST(limits_may_be_allowed_and_the_status_chosen) {
    const char *program = plain();
    struct outcome outcome = SEEP_SAYS("run", "--fail-on", "any", "--", program);
    assert_status(&outcome, 23);
    outcome = SEEP_SAYS("run", "--fail-on", "any", "--exit-code", "9", "--", program);
    assert_status(&outcome, 9);
    outcome =
        SEEP_SAYS("run", "--verdict", "off", "--fail-on", "any", "--allow", "unclassified=1", "--", program);
    assert_status(&outcome, 0);
    outcome =
        SEEP_SAYS("run", "--verdict", "off", "--fail-on", "any", "--allow", "unclassified=3B", "--", program);
    assert_status(&outcome, 23);
    assert_says(outcome.err, "1 block, 4 bytes from 1 site, and 3 bytes are allowed");
    outcome = SEEP_SAYS("run", "--fail-on", "fd,reachable", "--", program);
    assert_status(&outcome, 0);
    outcome = SEEP_SAYS("run", "--fail-on", "any", "--exit-code", "0", "--", program);
    assert_status(&outcome, 0);
}
END_TEST

START_TEST(only_what_is_beyond_its_limit_fails_in_junit) {
    const char *json = test_path("limits.json"), *command = text("exec 7</dev/null; %s", plain());
    struct outcome outcome = SEEP_SAYS("run", "--fail-on", "definite,fd", "--allow", "fd=1", "-f",
                                       text("json=%s", json), "--", "/bin/sh", "-c", command);
    assert_status(&outcome, 23);
    outcome = SEEP_SAYS("report", "-f", "junit", "--show", "definite,fd", json);
    assert_says(outcome.out, "<failure type=\"gate\"");
    assert_says(outcome.out, "<failure type=\"definite\"");
    assert_says(outcome.out, "<skipped>let pass by the gate: ");
    ck_assert_ptr_null(strstr(outcome.out, "<failure type=\"open\""));
}
END_TEST

START_TEST(a_saved_report_is_judged_as_the_run_was) {
    const char *program = plain(), *json = test_path("r.json"), *format = text("json=%s", json);
    const char *baseline = baseline_of(program, "baseline");
    struct outcome outcome = SEEP_SAYS("run", "--fail-on", "any", "-f", format, "--", program);
    assert_status(&outcome, 23);
    json_t *report = report_load(json), *gate = json_object_get(report, "gate");
    ck_assert(json_is_true(json_object_get(gate, "tripped")));
    ck_assert_uint_ge(json_array_size(json_object_get(gate, "reasons")), 1);
    outcome = SEEP_SAYS("check", json);
    assert_status(&outcome, 23);
    ck_assert_ptr_eq(strchr(outcome.out, '\n'), outcome.out + strlen(outcome.out) - 1); // one line
    assert_says(outcome.out, "seep check: FAILED: ");
    outcome = SEEP_SAYS("check", "--baseline", baseline, json, json, json);
    assert_status(&outcome, 0);
    ck_assert_str_eq(outcome.out, "seep check: passed: 3 processes in 3 reports, 3 known sites\n");
    ck_assert_str_eq(outcome.err, "");
    outcome = SEEP_SAYS("check", "-q", json);
    assert_status(&outcome, 23);
    ck_assert_str_eq(outcome.out, "");
    outcome = SEEP_SAYS("check", "--write-baseline", test_path("other"), json);
    assert_status(&outcome, 0);
    ck_assert_str_eq(file_read(baseline, NULL), file_read(test_path("other"), NULL));
    outcome = SEEP_SAYS("check", "-f", text("json=%s", test_path("merged.json")), json, json);
    assert_status(&outcome, 23);
    assert_says(outcome.err, "seep check: FAILED: ");
    assert_says(outcome.err, "seep gate: FAILED");
    ck_assert_uint_eq(processes_named(report_load(test_path("merged.json")), "test_inventory"), 2);
}
END_TEST

static void write_file(const char *path, const char *content) {
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    fputs(content, out);
    fclose(out);
}

// Before the program runs: one line that names the file and the line, 125, and nothing was started.
START_TEST(a_malformed_baseline_is_refused_before_the_run) {
    static const struct {
        const char *content, *says;
    } files[] = {
        {"seep-baseline 1 ids 1\n\n0123456789abcdef definite one f\n", ":3: 'one' is no limit"},
        {"seep-baseline 1 ids 1\n0123456789abcdeg definite 1 f\n", ":2: '0123456789abcdeg' is no site id"},
        {"seep-baseline 1 ids 1\n0123456789abcdef lost 1 f\n", ":2: 'lost' is no verdict"},
        {"seep-baseline 1 ids 99\n", ":1: its ids were made by rules of version 99"},
        {"0123456789abcdef definite 1 f\n", ":1: a baseline begins with"},
        {"seep-baseline 1 ids 1\n<<<<<<< ours\n", ":2: '<<<<<<<' is no site id"},
    };
    const char *path = test_path("bad");
    write_file(path, files[_i].content);
    struct outcome outcome =
        SEEP_SAYS("run", "--fail-on", "new", "--baseline", path, "--", "touch", test_path("started"));
    assert_status(&outcome, 125);
    assert_says(outcome.err, text("%s%s", path, files[_i].says));
    ck_assert_int_ne(access(test_path("started"), F_OK), 0);
}
END_TEST

START_TEST(a_missing_baseline_is_an_error_unless_it_is_written) {
    const char *path = test_path("none");
    struct outcome outcome = SEEP_SAYS("run", "--fail-on", "new", "--baseline", path, "--", "true");
    assert_status(&outcome, 125);
    assert_says(outcome.err, "--write-baseline creates it");
    outcome = SEEP_SAYS("run", "--baseline", path, "--write-baseline", path, "--", plain());
    assert_status(&outcome, 0);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

// A process that becomes a program that cannot be followed is no reason to be content.
START_TEST(what_could_not_be_followed_fails_the_gate) {
    const char *command = text("exec %s", program_path("static_program"));
    struct outcome outcome = SEEP_SAYS("run", "--fail-on", "fd", "--", "/bin/sh", "-c", command);
    assert_status(&outcome, 23);
    assert_says(outcome.err, "executed a program that seep could not follow");
    outcome = SEEP_SAYS("run", "--fail-on", "fd", "--allow", "inexact", "--", "/bin/sh", "-c", command);
    assert_status(&outcome, 17); // the program's own
    outcome = SEEP_SAYS("run", "--fail-on", "fd", "--", "/bin/sh", "-c", "exec /bin/true");
    assert_status(&outcome, 0);
}
END_TEST

START_TEST(nothing_recorded_is_no_success) {
    const char *path = test_path("empty.json");
    write_file(
        path,
        "{\"schema\": \"seep-report-1\", \"seep_version\": \"x\", \"command\": [], \"started\": \"x\", "
        "\"duration\": 0.0, \"exact\": true, \"inexact_because\": [], \"gate\": null, \"processes\": []}");
    struct outcome outcome = SEEP_SAYS("check", "--allow", "inexact", path);
    assert_status(&outcome, 125);
    assert_says(outcome.err, "no process was recorded");
}
END_TEST

START_TEST(suppressed_sites_count_as_suppressed_only) {
    const char *program = plain(), *file = test_path("supp"), *json = test_path("s.json");
    write_file(file, "# a known one of the library's\nleak:inventory_add\nleak:nobody\n");
    struct outcome outcome = SEEP_SAYS("run", "-v", "--fail-on", "any", "--suppressions", file, "-f", "text",
                                       "-f", text("json=%s", json), "--", program);
    assert_status(&outcome, 0);
    assert_says(outcome.err, "seep gate: passed.");
    assert_says(outcome.err, text("suppresses nothing: %s:3: leak:nobody\n", file));
    assert_says(outcome.err, "suppressed 1 in 4 bytes: leak:inventory_add\n");
    json_t *process = process_named(report_load(json), "test_inventory");
    json_t *site = json_array_get(json_object_get(process, "sites"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(site, "suppressed_by")), "leak:inventory_add");
    outcome = SEEP_SAYS("check", json); // what was suppressed stays so
    assert_status(&outcome, 0);
    write_file(file, "{\n  one\n  Memcheck:Leak\n  fun:malloc\n  fun:copy_of\n  fun:inventory_add\n}\n");
    outcome = SEEP_SAYS("run", "--fail-on", "any", "--suppressions", file, "--", program);
    assert_status(&outcome, 0);
    write_file(file, "leek:x\n");
    outcome = SEEP_SAYS("run", "--suppressions", file, "--", program);
    assert_status(&outcome, 125);
    assert_says(outcome.err, text("%s:1: 'leek:x'", file));
}
END_TEST

START_TEST(suppressions_that_seep_prints_suppress_what_they_are_for) {
    const char *program = build("new", "true", "gcc -O2 -DNEW_LEAK"), *file = test_path("printed");
    struct outcome outcome = SEEP_SAYS("run", "-f", text("suppressions=%s", file), "--", program);
    assert_says(file_read(file, NULL), "fun:inventory_add");
    outcome = SEEP_SAYS("run", "--fail-on", "any", "--suppressions", file, "--", program);
    assert_status(&outcome, 0);
}
END_TEST

START_TEST(a_programs_own_suppressions_are_honoured) {
    static const char *const compilers[] = {"gcc -O0", "gcc -O2", "clang -O2",
                                            "gcc -no-pie -fcf-protection=none"};
    const char *edit = "printf 'const char *__lsan_default_suppressions(void);\\nconst char "
                       "*__lsan_default_suppressions(void) "
                       "{ return \"leak:inventory_add\\\\n\"; }\\n' >own.c";
    struct outcome outcome =
        SEEP_SAYS("run", "-v", "--fail-on", "any", "--", build(text("own%d", _i), edit, compilers[_i]));
    assert_status(&outcome, 0);
    assert_says(outcome.err, "suppressed 1 in 4 bytes: leak:inventory_add\n");
}
END_TEST

// By site: what is new, grew, shrank and went away, as text and as JSON.
START_TEST(two_reports_are_compared_by_site) {
    const char *old = test_path("old.json"), *new = test_path("new.json"),
               *file = text("json=%s", test_path("d.json"));
    struct outcome outcome = SEEP_SAYS("run", "-f", text("json=%s", old), "--", plain());
    outcome = SEEP_SAYS("run", "-f", text("json=%s", new), "--", build("new", "true", "gcc -O2 -DNEW_LEAK"));
    outcome = SEEP_SAYS("diff", old, new);
    assert_status(&outcome, 0);
    assert_says(outcome.out, "seep diff: 2 new, 0 grew, 0 shrank, 0 gone, 1 unchanged\n");
    assert_says(outcome.out,
                ": 1 block, 5 bytes: malloc < copy_of < remember < inventory_add < replaces_names");
    outcome = SEEP_SAYS("diff", new, old);
    assert_says(outcome.out, "seep diff: 0 new, 0 grew, 0 shrank, 2 gone, 1 unchanged\n");
    shell(text("sed 's/\"count\": 1, \"bytes\": 4,/\"count\": 3, \"bytes\": 12,/' %s > %s", old, new));
    outcome = SEEP_SAYS("diff", old, new, "-f", file);
    assert_status(&outcome, 0);
    json_t *diff = json_load_file(test_path("d.json"), 0, NULL);
    ck_assert_str_eq(json_string_value(json_object_get(diff, "schema")), "seep-diff-1");
    json_t *site = json_array_get(json_object_get(diff, "sites"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(site, "change")), "grew");
    ck_assert_int_eq(json_integer_value(json_object_get(site, "new_count")), 3);
    json_decref(diff);
    outcome = SEEP_SAYS("diff", old, test_path("none.json"));
    assert_status(&outcome, 125);
}
END_TEST

// A test suite of 500 processes gives 500 reports: judged as one.
START_TEST(five_hundred_reports_are_judged_at_once) {
    const char *json = test_path("many/r.json"), *baseline = baseline_of(plain(), "baseline");
    shell(text("mkdir -p %s", test_path("many")));
    SEEP_SAYS("run", "-f", text("json=%s", json), "--", plain());
    shell(text("cd %s && for i in $(seq 499); do ln r.json $i.json; done", test_path("many")));
    struct outcome outcome = run(&(struct command){
        .argv = {"sh", "-c",
                 text("%s check --baseline %s %s/*.json", seep_path(), baseline, test_path("many"))}});
    assert_status(&outcome, 0);
    ck_assert_str_eq(outcome.out, "seep check: passed: 500 processes in 500 reports, 500 known sites\n");
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, a_known_leak_passes_and_keeps_its_id_in_every_build, 0, 8);
    tcase_add_test(tests, a_fixed_leak_passes_and_its_entry_is_listed);
    tcase_add_test(tests, a_new_leak_fails_and_the_report_ends_with_what_to_do);
    tcase_add_test(tests, more_of_a_known_leak_fails_as_grown);
    tcase_add_test(tests, an_update_keeps_comments_and_tolerances);
    tcase_add_test(tests, limits_may_be_allowed_and_the_status_chosen);
    tcase_add_test(tests, only_what_is_beyond_its_limit_fails_in_junit);
    tcase_add_test(tests, a_saved_report_is_judged_as_the_run_was);
    tcase_add_loop_test(tests, a_malformed_baseline_is_refused_before_the_run, 0, 6);
    tcase_add_test(tests, a_missing_baseline_is_an_error_unless_it_is_written);
    tcase_add_test(tests, what_could_not_be_followed_fails_the_gate);
    tcase_add_test(tests, nothing_recorded_is_no_success);
    tcase_add_test(tests, two_reports_are_compared_by_site);
    tcase_add_test(tests, five_hundred_reports_are_judged_at_once);
    tcase_add_test(tests, suppressed_sites_count_as_suppressed_only);
    tcase_add_test(tests, suppressions_that_seep_prints_suppress_what_they_are_for);
    tcase_add_loop_test(tests, a_programs_own_suppressions_are_honoured, 0, 4);
}
SEEP_TEST_MAIN("gate")
