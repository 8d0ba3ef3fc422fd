// docs/ci.md's recipes, as far as Debian has the tools: under each of them the sample project passes with its
// one known leak in the baseline, and fails once it has a new one.
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <string.h>

// %s: a flag for the C compiler; $SEEP: the command line up to "--", with ; between its words in $SEEP_LIST.
static const struct {
    const char *tool, *commands;
} recipes[] = {
    {"make", "make -s CPPFLAGS=%s check WRAPPER=\"$SEEP\""},
    {"ctest", "cmake -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_FLAGS=%s "
              "-DCMAKE_CROSSCOMPILING_EMULATOR=\"$SEEP_LIST\" -B build . && cmake --build build && "
              "ctest --test-dir build --output-on-failure"},
    {"meson", "meson setup build -Dc_args=%s && meson test -C build --print-errorlogs --wrapper \"$SEEP\""},
    {"pytest",
     "make -s CPPFLAGS=%s test_inventory && WRAPPER=\"$SEEP\" $(command -v pytest-3 || echo pytest) -p "
     "no:cacheprovider test_program.py"},
    {"bats", "make -s CPPFLAGS=%s test_inventory && WRAPPER=\"$SEEP\" bats inventory.bats"},
    {"go", "cd go && export GOCACHE=$PWD/cache GOFLAGS=-mod=mod CGO_CFLAGS=\"-O2 -g %s\" && go test -count=1 "
           "-exec \"$SEEP\" ."},
};

static struct outcome run_recipe(size_t which, const char *flag, const char *seep_words,
                                 const char *directory) {
    const char *path = test_path(directory);
    char *list = strdup(seep_words);
    for (char *at = list; (at = strchr(at, ' '));)
        *at = ';';
    const char *commands = recipes[which].commands, *hole = strstr(commands, "%s");
    const char *filled = text("%.*s%s%s", (int)(hole - commands), commands, flag, hole + 2);
    struct outcome outcome = run(
        &(struct command){.argv = {"sh", "-ec",
                                   text("mkdir -p %s && cp -r tests/sample/. %s && cd %s && export SEEP='%s' "
                                        "SEEP_LIST='%s' && %s",
                                        path, path, path, seep_words, list, filled)},
                          .limit_seconds = 170});
    free(list);
    return outcome;
}

START_TEST(a_known_leak_passes_and_a_new_one_fails) {
    const char *baseline = test_path("seep.baseline"), *seep = seep_path();
    struct outcome outcome =
        run_recipe((size_t)_i, "-DKNOWN", text("%s run --write-baseline %s --", seep, baseline), "first");
    ck_assert_msg(exit_status(&outcome) == 0, "%s\n%s%s", recipes[_i].tool, outcome.out, outcome.err);
    char *known = file_read(baseline, NULL);
    ck_assert_msg(known && strstr(known, "inventory_add < "), "%s: %s", recipes[_i].tool, known);

    const char *words = text("%s run --fail-on new --baseline %s --", seep, baseline);
    outcome = run_recipe((size_t)_i, "-DKNOWN", words, "known");
    ck_assert_msg(exit_status(&outcome) == 0, "%s\n%s%s", recipes[_i].tool, outcome.out, outcome.err);
    outcome = run_recipe((size_t)_i, "-DNEW_LEAK", words, "new");
    ck_assert_msg(exit_status(&outcome) != 0, "%s\n%s%s", recipes[_i].tool, outcome.out, outcome.err);
    // How deep the new one lies depends on the debug information that the runner's build has: go test leaves
    // it out.
    const char *all = text("%s%s", outcome.out, outcome.err), *failed = strstr(all, "seep gate: FAILED");
    ck_assert_msg(failed && strstr(failed, "inventory_add < "), "%s\n%s", recipes[_i].tool, all);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, a_known_leak_passes_and_a_new_one_fails, 0,
                        sizeof recipes / sizeof recipes[0]);
}
SEEP_TEST_MAIN("recipes")
