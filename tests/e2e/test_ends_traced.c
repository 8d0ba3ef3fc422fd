// With --verdict trace a process is looked at however it ends, and whoever waits for it, stops it or runs
// within it sees what it would see without.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <signal.h>
#include <string.h>

enum { HELD = 200, LOST = 100, OTHERS = 4 };

static const struct end_case {
    const char *name;
    int status; // as a shell sees it
    int signal; // that ended it, or 0
    int held;
    bool loses; // it has nothing left that could point to what it lost: libc's own frames may
} ends[] = {
    {"exits_raw", 3, 0, 1, true},
    {"a_thread_exits_raw", 0, 0, 1, false},
    {"segfaults", 128 + SIGSEGV, SIGSEGV, 1, false},
    {"is_terminated", 128 + SIGTERM, SIGTERM, 1, true},
    {"fails_an_assertion", 128 + SIGABRT, SIGABRT, 1, false},
    {"frees_twice", 128 + SIGABRT, SIGABRT, 1, false},
    {"exits_by_libc", 4, 0, 1, true},
    {"threads_hold", 5, 0, 1 + OTHERS, true},
    {"makes_threads", 6, 0, 1, true},
    {"gets_signals", 7, 0, 1, true},
    {"ignores_signals", 8, 0, 1, true},
    {"wants_to_be_traced", 10, 0, 1, true},
    {"ends_with_its_last_thread", 13, 0, 1, false},
};
enum { ENDS = sizeof ends / sizeof *ends };

static struct seep_run traced(enum way way, const char *name) {
    struct seep_job job = {.program = {.argv = {program_path("ends_unseen"), name}},
                           .options = {"--verdict", "trace"}};
    struct seep_run ran = seep_run_job(way, &job);
    ck_assert_ptr_nonnull(ran.process);
    return ran;
}

static void assert_looked_at(const json_t *process, int held, bool loses) {
    const char *why = json_string_value(json_object_get(json_object_get(process, "scan"), "refused"));
    ck_assert_msg(why == NULL, "%s", why);
    ck_assert_int_eq(blocks_of_size(process, "reachable", HELD), held);
    ck_assert_int_eq(blocks_of_size(process, "unclassified", LOST), 0);
    if (loses)
        ck_assert_int_eq(blocks_of_size(process, "definite", LOST), 1);
}

START_TEST(every_end_is_looked_at) {
    const struct end_case *end = &ends[_i / WAYS];
    struct seep_run ran = traced(_i % WAYS, end->name);
    ck_assert_msg(exit_status(&ran.outcome) == end->status, "%s: status %d: %s", end->name,
                  exit_status(&ran.outcome), ran.outcome.err);
    assert_end(ran.process, end->signal ? "signal" : "exit", end->signal ? end->signal : end->status);
    assert_looked_at(ran.process, end->held, end->loses);
    ck_assert(is_exact(ran.report));
}
END_TEST

START_TEST(sigkill_is_let_through) {
    struct seep_run ran = traced(_i, "is_killed");
    ck_assert_int_eq(exit_status(&ran.outcome), 128 + SIGKILL);
    assert_end(ran.process, "signal", SIGKILL);
    ck_assert_int_eq(blocks_of_size(ran.process, "unclassified", LOST), 1);
}
END_TEST

static const struct unseen_end {
    const char *name;
    bool could_be_seen;
} unseen_ends[] = {{"exits_raw", true}, {"segfaults", true}, {"is_killed", false}};
enum { UNSEEN_ENDS = sizeof unseen_ends / sizeof *unseen_ends };

START_TEST(an_end_that_was_not_seen_names_what_would_have_seen_it) {
    const struct unseen_end *end = &unseen_ends[_i / WAYS];
    struct seep_run ran = SEEP(_i % WAYS, "ends_unseen", end->name);
    ck_assert_ptr_nonnull(ran.process);
    const char *why = json_string_value(json_object_get(json_object_get(ran.process, "scan"), "refused"));
    ck_assert_ptr_nonnull(why);
    ck_assert_msg((strstr(why, "--verdict trace") != NULL) == end->could_be_seen, "%s: %s", end->name, why);
}
END_TEST

static const char *const replacing[] = {"execs_beside_threads", "a_thread_execs"};

START_TEST(an_exec_beside_threads_goes_on) {
    struct seep_run ran = traced(_i % WAYS, replacing[_i / WAYS]);
    ck_assert_int_eq(exit_status(&ran.outcome), 3);
    ck_assert_uint_eq(processes_named(ran.report, "ends_unseen"), 2);
    json_t *processes = json_object_get(ran.report, "processes");
    assert_end(json_array_get(processes, 0), "exec", 0);
    assert_end(json_array_get(processes, 1), "exit", 3);
    assert_looked_at(json_array_get(processes, 1), 1, true);
}
END_TEST

START_TEST(what_it_forks_is_traced_too) {
    struct seep_run ran = traced(_i, "forks");
    ck_assert_int_eq(exit_status(&ran.outcome), 11);
    json_t *processes = json_object_get(ran.report, "processes"), *child = json_array_get(processes, 1);
    ck_assert_uint_eq(json_array_size(processes), 2);
    assert_looked_at(ran.process, 1, true);
    ck_assert_str_eq(json_string_value(json_object_get(child, "begin")), "fork");
    assert_end(child, "exit", 12);
    assert_looked_at(child, 1, true);
}
END_TEST

// The shell itself is traced, too.
START_TEST(a_shell_sees_ends_and_stops_as_ever) {
    const char *script =
        text("set -m; p=%s; $p stops_itself; echo stopped $?; fg >/dev/null; echo ended $?;"
             "for c in exits_raw is_terminated is_killed execs_beside_threads; do $p $c; echo $c $?;"
             "done; $p threads_hold | cat; echo ${PIPESTATUS[0]}",
             program_path("ends_unseen"));
    struct seep_job job = {.program = {.argv = {"bash", "-c", script}}, .options = {"--verdict", "trace"}};
    struct seep_run ran = seep_run_job(_i, &job);
    ck_assert_str_eq(
        ran.outcome.out,
        "stopped 148\nended 9\nexits_raw 3\nis_terminated 143\nis_killed 137\nexecs_beside_threads 3\n5\n");
    ck_assert_int_eq(exit_status(&ran.outcome), 0);
}
END_TEST

static const struct ending {
    const char *program, *argument, *options, *says;
} endings[] = {
    {"go/incidents", "devices", "", "done\n3\nthere\n"},
    {"ends_unseen", "exits_raw", "--verdict trace", "3\nthere\n"},
    {"ends_unseen", "is_terminated", "--verdict trace", "143\nthere\n"},
    {"ends_unseen", "exits_by_libc", "--verdict trace", "4\nthere\n"},
};
enum { ENDINGS = sizeof endings / sizeof *endings };

// Whoever runs it with LD_PRELOAD and then reads the report need not wait.
START_TEST(the_report_is_there_when_the_program_has_ended) {
    const struct ending *ending = &endings[_i];
    const char *script =
        text("LD_PRELOAD=%s SEEP_OPTIONS='-q --format json=%s %s' %s %s; echo $?; test -s %s && echo there",
             libseep_path(), report_path(), ending->options, program_path(ending->program), ending->argument,
             report_path());
    struct outcome outcome = run(&(struct command){.argv = {"sh", "-c", script}});
    ck_assert_str_eq(outcome.out, ending->says);
}
END_TEST

START_TEST(untraced_such_ends_are_unclassified) {
    struct seep_run ran = SEEP(_i, "ends_unseen", "exits_raw");
    ck_assert_int_eq(exit_status(&ran.outcome), 3);
    ck_assert_int_eq(blocks_of_size(ran.process, "unclassified", LOST), 1);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, every_end_is_looked_at, 0, ENDS * WAYS);
    tcase_add_loop_test(tests, sigkill_is_let_through, 0, WAYS);
    tcase_add_loop_test(tests, an_end_that_was_not_seen_names_what_would_have_seen_it, 0, UNSEEN_ENDS * WAYS);
    tcase_add_loop_test(tests, an_exec_beside_threads_goes_on, 0,
                        (int)(sizeof replacing / sizeof *replacing) * WAYS);
    tcase_add_loop_test(tests, what_it_forks_is_traced_too, 0, WAYS);
    tcase_add_loop_test(tests, a_shell_sees_ends_and_stops_as_ever, 0, WAYS);
    tcase_add_loop_test(tests, the_report_is_there_when_the_program_has_ended, 0, ENDINGS);
    tcase_add_loop_test(tests, untraced_such_ends_are_unclassified, 0, WAYS);
}
SEEP_TEST_MAIN("ends, traced")
