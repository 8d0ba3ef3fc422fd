// Verdicts on blocks of C in Go programs: whatever of Go holds a pointer keeps the block, what nothing holds
// is lost, and each block is counted once; however the program ends, which stays its own affair.
#include "tests/lib/real.h"
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    HELD_BYTES = 1000, // as in the program
    LOST_BYTES = 500,
    OWN_STATUS = 3,
    BY_CHANCE = 5, // percent: the heap lies low, where numbers such as 0x1000000 point into blocks
    FEW = 2,       // a thread was handling a signal just then: what it interrupted counts as a whole
    SOME = 5,      // it ends in a signal's handler
};

static struct seep_run go_verdicts(enum way way, const char *what, const char *end, const char *processors) {
    struct seep_job job = {.program = {.argv = {program_path("go/verdicts"), what, end},
                                       .env = {text("PROCESSORS=%s", processors)}}};
    struct seep_run ran = seep_run_job(way, &job);
    ck_assert_str_eq(ran.outcome.out, "done\n");
    ck_assert(is_exact(ran.report));
    ck_assert_int_eq(json_integer_value(json_object_get(ran.process, "truncated_stacks")), 0);
    ck_assert(json_is_null(json_object_get(json_object_get(ran.process, "scan"), "refused")));
    return ran;
}

static const char *word(const json_t *object, const char *member) {
    return json_string_value(json_object_get(object, member));
}

// Blocks of this size and verdict; the runtime's are not counted.
static long long blocks(const json_t *process, long long bytes, const char *verdict) {
    size_t index;
    json_t *site;
    long long sum = 0;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        long long count = json_integer_value(json_object_get(site, "count"));
        if (strcmp(word(site, "kind"), "heap") == 0 && json_is_null(json_object_get(site, "suppressed_by")) &&
            json_integer_value(json_object_get(site, "bytes")) == bytes * count &&
            (!verdict || strcmp(word(site, "verdict"), verdict) == 0))
            sum += count;
    }
    return sum;
}

// So many are reachable and definitely lost, but for what stale words hold, and there is nothing else,
// neither in blocks nor in mappings.
static void assert_blocks(const json_t *process, long long held, long long lost, long long stale) {
    ck_assert_int_eq(blocks(process, HELD_BYTES, "reachable"), held);
    ck_assert_int_ge(blocks(process, LOST_BYTES, "definite"), lost - lost * BY_CHANCE / 100 - stale);
    ck_assert_int_le(blocks(process, LOST_BYTES, "reachable"), stale);
    ck_assert_int_eq(blocks(process, HELD_BYTES, NULL) + blocks(process, LOST_BYTES, NULL), held + lost);
    size_t index;
    json_t *site;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        if (json_is_null(json_object_get(site, "suppressed_by")))
            ck_assert_msg((frame_of(site, "runtime.goexit") || frame_of(site, "thread_of_c")) &&
                              strcmp(word(site, "kind"), "map") != 0,
                          "not the program's:\n%s", stack_text(site));
    }
}

static const struct {
    const char *what;
    long long held, lost;
} cases[] = {
    {"heap", 1, 0},          {"global", 1, 0},         {"parked", 1, 0},        {"never_again", 1, 0},
    {"never_starts", 1, 0},  {"lost", 0, 1000},        {"overwritten", 0, 100}, {"collected", 0, 132},
    {"callback_ends", 1, 0}, {"callback_waits", 1, 0}, {"thread_of_c", 1, 0},   {"in_c", 1000, 1000},
    {"preempted", 1, 1000},
};
enum { CASES = sizeof cases / sizeof *cases };

START_TEST(go_keeps_what_it_holds_and_nothing_else) {
    static const struct {
        enum way way;
        const char *processors;
    } runs[] = {{WAY_RUN, "1"}, {WAY_RUN, "8"}, {WAY_PRELOAD, ""}};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        struct seep_run ran = go_verdicts(runs[i].way, cases[_i].what, "exit", runs[i].processors);
        assert_end(ran.process, "exit", OWN_STATUS);
        assert_blocks(ran.process, cases[_i].held, cases[_i].lost, FEW);
    }
}
END_TEST

static const struct {
    const char *name, *how;
    int code_or_signal, status; // what the report says, and what a shell says
    int stale;
} ends[] = {
    {"exit", "exit", 3, 3, FEW},   {"return", "exit", 0, 0, FEW},
    {"panic", "exit", 2, 2, FEW},  {"fatal", "exit", 1, 1, FEW},
    {"fault", "exit", 2, 2, SOME}, {"term", "signal", SIGTERM, 128 + SIGTERM, SOME},
};
enum { ENDS = sizeof ends / sizeof *ends };

START_TEST(however_the_program_ends) {
    for (enum way way = 0; way < WAYS; way++) {
        struct seep_run ran = go_verdicts(way, "lost", ends[_i].name, "");
        ck_assert_msg(exit_status(&ran.outcome) == ends[_i].status, "%s: %d", ends[_i].name,
                      exit_status(&ran.outcome));
        assert_end(ran.process, ends[_i].how, ends[_i].code_or_signal);
        assert_blocks(ran.process, 0, 1000, ends[_i].stale);
    }
}
END_TEST

// The Go heap's mappings are the runtime's: a row of the ledger, and no leak.
START_TEST(the_go_heap_is_a_row_of_the_ledger_and_never_a_leak) {
    struct seep_run ran = go_verdicts(_i, "preempted", "exit", "");
    size_t index;
    json_t *row;
    long long bytes = 0;
    json_array_foreach(json_object_get(json_object_get(ran.process, "memory"), "rows"), index, row) {
        if (strcmp(word(row, "what"), "go_heap") == 0)
            bytes += json_integer_value(json_object_get(row, "bytes"));
    }
    ck_assert_int_gt(bytes, 0);
    json_t *map = json_object_get(json_object_get(ran.process, "totals"), "map");
    ck_assert_int_gt(json_integer_value(json_object_get(map, "runtime_regions")), 0);
    ck_assert_int_eq(json_integer_value(json_object_get(map, "runtime_bytes")),
                     json_integer_value(json_object_get(map, "outstanding_bytes")));
}
END_TEST

// Two Go runtimes, of which each has a heap, globals and goroutines of its own.
START_TEST(go_libraries_of_a_c_program_keep_what_they_hold) {
    struct seep_run ran =
        SEEP(_i, "loads_go", program_path("go/library-shared"), program_path("go/library-shared_stripped"));
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s", ran.outcome.err);
    ck_assert_int_eq(blocks(ran.process, 700, "reachable"), 2);
    ck_assert_int_ge(blocks(ran.process, 300, "definite"), 200 - 200 * BY_CHANCE / 100);
    ck_assert_int_eq(blocks(ran.process, 700, NULL) + blocks(ran.process, 300, NULL), 202);
}
END_TEST

// What is traced is the program, not the loader that the kernel started.
START_TEST(started_by_the_loader_it_is_looked_at_as_well) {
    struct seep_job job = {.program = {.argv = {loader_path(), program_path("go/verdicts"), "lost", "exit"}}};
    struct seep_run ran = seep_run_job(_i, &job);
    ck_assert_int_eq(exit_status(&ran.outcome), OWN_STATUS);
    const json_t *process = process_named(ran.report, "verdicts");
    ck_assert_ptr_nonnull(process);
    assert_end(process, "exit", OWN_STATUS);
    assert_blocks(process, 0, 1000, FEW);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, clean_environment, NULL);
    tcase_add_loop_test(tests, go_keeps_what_it_holds_and_nothing_else, 0, CASES);
    tcase_add_loop_test(tests, however_the_program_ends, 0, ENDS);
    tcase_add_loop_test(tests, the_go_heap_is_a_row_of_the_ledger_and_never_a_leak, 0, WAYS);
    tcase_add_loop_test(tests, go_libraries_of_a_c_program_keep_what_they_hold, 0, WAYS);
    tcase_add_loop_test(tests, started_by_the_loader_it_is_looked_at_as_well, 0, WAYS);
}
SEEP_TEST_MAIN("go verdicts")
