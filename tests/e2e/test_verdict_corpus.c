// Small heaps of every shape, each of whose blocks has the verdict that memcheck gives it; where seep's is
// another, the table says so and why. The heaps are made by tests/programs/verdicts.c and verdicts_cxx.cc.
#include "tests/lib/memcheck.h"

#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <string.h>

enum { TAGGED_BYTES = 10000, MOST_BLOCKS = 24 };

// One letter for each numbered block: d(efinite), i(ndirect), p(ossible), r(eachable).
static const struct heap_case {
    const char *program, *group;
    const char *memcheck, *seep;
} cases[] = {
    // Pointer chains, lost ones, a cycle, a tree, interior pointers, tags. Block 15 is known by the address
    // one past its end:
    // interior for seep, since iterators point there; nothing for memcheck.
    {"verdicts", "chains", "rrrdiididiiipppdrpdidr", "rrrdiididiiipppprpdidr"},
    // A global, a static, thread-local storage, mmaped memory, a pthread key, pools, on_exit, frames below a
    // handler on a stack
    // of its own, that stack, a register.
    {"verdicts", "places", "rrrrrrrpprrrr", "rrrrrrrpprrrr"},
    // Stacks, thread-local storage, start arguments and keys of threads that are blocked for ever.
    {"verdicts", "threads", "rrrrr", "rrrrr"},
    // epoll's data, a timer's value and a stack for signal handlers (3) come back to the program as long as
    // they are registered; memcheck doesn't look there. What is in a pipe (2) nobody can look at. Timers and
    // requests that libc's own threads serve (4 to 7) are in its memory.
    {"verdicts", "kernel", "ddddrrrr", "rrdrrrrr"},
    // A library's global, its dynamic thread-local storage, and the global of one that was closed.
    {"verdicts", "libraries", "rrd", "rrd"},
    // Stale pointers: in freed memory, in dead stack. Block 2's lies in memory that was allocated again and
    // not written to:
    // memcheck knows what was ever written there, who reads memory from outside can't.
    {"verdicts", "stale", "ddd", "ddr"},
    // new[] with a count, multiple inheritance, a length in front, an old std::string; and two that only look
    // similar.
    {"verdicts_cxx", NULL, "rrrrpp", "rrrrpp"},
};
enum { CASES = sizeof cases / sizeof *cases };

static struct command command_of(const struct heap_case *heap) {
    struct command command = {.argv = {program_path(heap->program), heap->group}};
    if (heap->group && !strcmp(heap->group, "libraries")) {
        command.argv[2] = program_library("holder");
        command.argv[3] = program_library("holder_closed");
    }
    return command;
}

// Blocks of other sizes are libc's and the loader's.
static void note(void *letters, int kind, long long blocks, long long bytes) {
    long long number = (bytes - TAGGED_BYTES) / 8;
    if (blocks == 1 && bytes >= TAGGED_BYTES && bytes % 8 == 0 && number < MOST_BLOCKS)
        ((char *)letters)[number] = kind_names[kind][0];
}

static void note_sites(const json_t *process, char *letters) {
    size_t index;
    const json_t *site;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        for (int kind = 0; kind < KINDS; kind++)
            if (!strcmp(json_string_value(json_object_get(site, "verdict")), kind_names[kind]))
                note(letters, kind, json_integer_value(json_object_get(site, "count")),
                     json_integer_value(json_object_get(site, "bytes")));
    }
}

START_TEST(memcheck_gives_each_block_this_verdict) {
    char letters[MOST_BLOCKS + 1] = "";
    struct command command = command_of(&cases[_i]);
    memcheck_records(&command, note, letters);
    ck_assert_str_eq(letters, cases[_i].memcheck);
}
END_TEST

START_TEST(seep_gives_each_block_this_verdict) {
    for (enum way way = 0; way < WAYS; way++) {
        char letters[MOST_BLOCKS + 1] = "";
        struct seep_run ran = seep_run_job(way, &(struct seep_job){.program = command_of(&cases[_i])});
        ck_assert_msg(exit_status(&ran.outcome) == 0, "%s", ran.outcome.err);
        note_sites(ran.process, letters);
        ck_assert_msg(strcmp(letters, cases[_i].seep) == 0, "%s %s, way %d: %s, not %s", cases[_i].program,
                      cases[_i].group ? cases[_i].group : "", way, letters, cases[_i].seep);
    }
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, memcheck_gives_each_block_this_verdict, 0, CASES);
    tcase_add_loop_test(tests, seep_gives_each_block_this_verdict, 0, CASES);
}
SEEP_TEST_MAIN("verdict corpus")
