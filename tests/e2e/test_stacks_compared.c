// A million stacks of real programs, each held against libunwind's own step-by-step walk: none differs.
#include "tests/lib/effort.h"
#include "tests/lib/real.h"
#include "tests/lib/report.h"
#include "tests/lib/suite.h"

#include <stdio.h>
#include <string.h>

static const char python_work[] =
    "import json, re\n"
    "for n in range(8):\n"
    "    text = json.dumps([{'key%d' % i: [i, str(i), {'x': i / 7}]} for i in range(400)], indent=1)\n"
    "    assert json.loads(text)[7]['key7'][0] == 7\n"
    "    words = sorted(set(re.findall('[a-z]+|[0-9]+', text)))\n";

enum { LIMIT_SECONDS = 600 }; // a comparison costs some 40 microseconds

struct comparison {
    long long all, different;
};

static long long member(const json_t *process, const char *name) {
    return json_integer_value(json_object_get(process, name));
}

// Runs the command with every stack compared; what it prints is other tests' business.
static struct comparison compare(const struct command *command) {
    struct seep_job job = {.program = *command};
    size_t variables = 0;
    while (job.program.env[variables])
        variables++;
    job.program.env[variables] = "SEEP_DEBUG_COMPARE_STACKS=1";
    job.program.cwd = test_directory();
    job.program.limit_seconds = LIMIT_SECONDS;
    struct seep_run ran = seep_run_job(WAY_RUN, &job);
    struct comparison done = {0, 0};
    size_t index;
    json_t *process;
    json_array_foreach(json_object_get(ran.report, "processes"), index, process) {
        done.all += member(process, "stacks_compared");
        done.different += member(process, "stacks_different");
    }
    return done;
}

static const char *cc1(void) {
    struct outcome outcome = run(&(struct command){.argv = {installed("gcc"), "-print-prog-name=cc1"}});
    return text("%.*s", (int)strcspn(outcome.out, "\n"), outcome.out);
}

START_TEST(a_million_stacks_of_real_programs_are_libunwinds) {
    run(&(struct command){.argv = {"sh", real_input("generated_c.sh")}, .cwd = test_directory()});
    const struct command commands[] = {
        {.argv = {cc1(), "-quiet", "-O0", "-o", "generated.s", "generated.c"}},
        {.argv = {installed("python3"), "-c", python_work}, .env = {"PYTHONMALLOC=malloc"}},
        {.argv = {installed("sqlite3"), "-batch", ":memory:", text(".read %s", real_input("rows.sql"))}},
        {.argv = {"sh", real_input("key_value_server.sh")}, .env = {"REQUESTS=2000"}},
        {.argv = {program_path("throws")}},
    };
    bool small = effort_is_small(); // then the server only
    long long all = 0;
    for (size_t i = small ? 3 : 0; i < (small ? 4 : sizeof commands / sizeof *commands); i++) {
        struct comparison done = compare(&commands[i]);
        printf("%s: %lld stacks compared\n", commands[i].argv[0], done.all);
        ck_assert_int_gt(done.all, 1000);
        ck_assert_msg(done.different == 0, "%s: %lld of %lld stacks differ", commands[i].argv[0],
                      done.different, done.all);
        all += done.all;
    }
    ck_assert_int_ge(all, small ? 20000 : 1000000);
}
END_TEST

START_TEST(they_are_compared_only_when_asked) {
    const char *const off[] = {"SEEP_DEBUG_COMPARE_STACKS=0", "SEEP_DEBUG_COMPARE_STACKS="};
    struct seep_run ran = seep_run_job(
        WAY_RUN, &(struct seep_job){.program = {.argv = {program_path("throws")}, .env = {off[_i]}}});
    ck_assert_ptr_null(json_object_get(ran.process, "stacks_compared"));
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, clean_environment, NULL);
    tcase_set_timeout(tests, 5 * LIMIT_SECONDS);
    tcase_add_test(tests, a_million_stacks_of_real_programs_are_libunwinds);
    tcase_add_loop_test(tests, they_are_compared_only_when_asked, 0, 2);
}
SEEP_TEST_MAIN("stacks compared")
