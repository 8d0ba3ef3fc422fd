// What a process holds at its last moment is found wherever it holds it, what it lost is lost, whatever its
// threads are doing; and where nobody may look, the report says why.
#include "tests/lib/effort.h"
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { HELD = 200, LOST = 100, NOT_ASKED = -1 };

static const json_t *scan_of(const json_t *process) {
    return json_object_get(process, "scan");
}

// What lies below the stack pointer of a fiber cannot be told from other fibers' stacks: it may hold what is
// lost.
static const struct holding {
    const char *name;
    int held, lost;
} holdings[] = {
    {"threads_wait_and_run", 100, 1},
    {"threads_come_and_go", 0, 1},
    {"a_thread_ended", 0, 3},
    {"dead_stack", 0, 2},
    {"freed_memory", 1, 2},
    {"mapped_memory", 1, 1},
    {"thread_storage", 1, 1},
    {"event_queue", 1, 1},
    {"timer", 1, 1},
    {"mapped_fiber", 1, 1},
    {"runs_on_a_fiber", 1, NOT_ASKED},
};
enum { HOLDINGS = sizeof holdings / sizeof *holdings };

START_TEST(what_is_held_is_reachable_and_what_is_lost_is_lost) {
    const struct holding *holding = &holdings[_i / WAYS];
    struct seep_run ran = SEEP(_i % WAYS, "last_moments", holding->name);
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s: %s", holding->name, ran.outcome.err);
    assert_end(ran.process, "exit", 0);
    ck_assert_msg(json_is_null(json_object_get(scan_of(ran.process), "refused")), "%s", holding->name);
    double pause = json_number_value(json_object_get(scan_of(ran.process), "pause")),
           reading = json_number_value(json_object_get(scan_of(ran.process), "reading"));
    ck_assert(reading > 0 && reading < pause);
    ck_assert_msg(
        blocks_of_size(ran.process, "reachable", HELD) == holding->held &&
            (holding->lost == NOT_ASKED || blocks_of_size(ran.process, "definite", LOST) == holding->lost),
        "%s: %lld reachable, %lld lost", holding->name, blocks_of_size(ran.process, "reachable", HELD),
        blocks_of_size(ran.process, "definite", LOST));
}
END_TEST

// Allocators that give memory back to the kernel as soon as they can.
static const struct {
    const char *library, *settings[2];
} preloaded[] = {
    {"libjemalloc.so.2", {"MALLOC_CONF=dirty_decay_ms:0,muzzy_decay_ms:0,retain:false"}},
    {"libtcmalloc_minimal.so.4", {"TCMALLOC_AGGRESSIVE_DECOMMIT=t"}},
    {"libmimalloc.so.2", {"MIMALLOC_ALLOW_DECOMMIT=1", "MIMALLOC_DECOMMIT_DELAY=0"}},
};
enum { PRELOADED = sizeof preloaded / sizeof *preloaded };

// Some link what is free through its first word, and nobody writes to these blocks: one that is lost may
// point to another. What lies in a fiber's stack may be older than its mapping.
START_TEST(it_is_the_same_with_other_allocators) {
    const struct holding *holding = &holdings[_i % HOLDINGS];
    size_t allocator = (size_t)(_i / HOLDINGS);
    struct seep_job job = {
        .program = {.argv = {program_path("last_moments"), holding->name},
                    .env = {preloaded[allocator].settings[0], preloaded[allocator].settings[1]}},
        .preloaded = preloaded[allocator].library};
    struct seep_run ran = seep_run_job((_i + _i / HOLDINGS) % WAYS, &job);
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s: %s", holding->name, ran.outcome.err);
    bool asks = holding->lost != NOT_ASKED && strcmp(holding->name, "mapped_fiber") != 0;
    long long held = blocks_of_size(ran.process, "reachable", HELD),
              lost = blocks_of_size(ran.process, "definite", LOST) +
                     blocks_of_size(ran.process, "indirect", LOST);
    ck_assert_msg(held == holding->held && (!asks || lost == holding->lost), "%s, %s: %lld held, %lld lost",
                  preloaded[allocator].library, holding->name, held, lost);
}
END_TEST

START_TEST(a_child_holds_its_blocks_in_what_it_inherited) {
    struct seep_run ran = SEEP(_i, "last_moments", "in_a_child");
    ck_assert_int_eq(exit_status(&ran.outcome), 0);
    json_t *child = process_forked(ran.report, 0);
    ck_assert_ptr_nonnull(child);
    ck_assert_int_eq(blocks_of_size(child, "reachable", HELD), 1);
    ck_assert_int_eq(blocks_of_size(child, "definite", LOST), 1);
}
END_TEST

// It may share all the memory of a large program, and servers make many such children.
START_TEST(of_a_child_without_blocks_no_memory_is_read) {
    struct seep_run ran = SEEP(_i, "last_moments", "beside_a_child_without_blocks");
    ck_assert_int_eq(exit_status(&ran.outcome), 0);
    const json_t *scan = scan_of(process_forked(ran.report, 0));
    ck_assert(json_is_null(json_object_get(scan, "refused")) &&
              json_number_value(json_object_get(scan, "pause")) > 0);
    ck_assert_int_eq(json_integer_value(json_object_get(scan, "scanned_bytes")), 0);
    ck_assert_int_gt(json_integer_value(json_object_get(scan_of(ran.process), "scanned_bytes")), 0);
}
END_TEST

START_TEST(requests_that_hide_what_they_hold_are_told_of) {
    struct seep_run ran = SEEP(_i, "last_moments", "io_requests");
    if (exit_status(&ran.outcome) == 3)
        return; // no io_uring here
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s", ran.outcome.err);
    ck_assert_int_eq(blocks_of_size(ran.process, "definite", HELD), 2); // the third is still in the queue
    ck_assert_int_eq(json_integer_value(json_object_get(scan_of(ran.process), "hidden_requests")), 3);
}
END_TEST

START_TEST(who_is_traced_by_somebody_else_is_unclassified_and_told_why) {
    struct seep_run ran = SEEP(_i, "last_moments", "in_a_traced_child");
    ck_assert_int_eq(exit_status(&ran.outcome), 0);
    json_t *child = process_forked(ran.report, 0);
    ck_assert_ptr_nonnull(child);
    ck_assert_int_eq(blocks_of_size(child, "unclassified", HELD), 1);
    const char *why = json_string_value(json_object_get(scan_of(child), "refused"));
    ck_assert_msg(why && strstr(why, "another program traces it"), "%s", why ? why : "no reason");
    ck_assert(json_is_null(json_object_get(scan_of(child), "pause")));
}
END_TEST

static void assert_refused(const struct seep_run *ran, const char *held, const char *remedy) {
    ck_assert_msg(exit_status(&ran->outcome) == 0, "%s", ran->outcome.err);
    assert_end(ran->process, "exit", 0);
    const char *why = json_string_value(json_object_get(scan_of(ran->process), "refused"));
    ck_assert_msg(why && strstr(why, "ptrace is refused") && strstr(why, remedy), "%s",
                  why ? why : "no reason");
    ck_assert_int_eq(blocks_of_size(ran->process, held, HELD), 1);
    ck_assert_int_eq(blocks_of_size(ran->process, held, LOST), 1);
    ck_assert_int_eq(blocks_of_size(ran->process, "definite", LOST), 0);
}

// As a container's profile may do: for seep and the program alike.
static void forbid_ptrace(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(126);
}

START_TEST(where_a_filter_forbids_ptrace_blocks_are_unclassified_and_the_remedy_is_named) {
    struct seep_run ran = seep_run_job(
        _i, &(struct seep_job){.program = {.argv = {program_path("last_moments"), "mapped_memory"},
                                           .prepare = forbid_ptrace}});
    assert_refused(&ran, "unclassified", "a seccomp profile with ptrace");
}
END_TEST

// What root may do beyond other users, and what many containers take from it.
static void give_up_ptrace(void) {
    if (geteuid() == 0 && prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE, 0, 0, 0) != 0)
        _exit(126);
}

// Nor are its descriptors known then: nothing is said of how many it inherited, or left open unseen.
START_TEST(who_is_not_dumpable_is_unclassified_and_told_why) {
    struct seep_run ran = seep_run_job(
        _i, &(struct seep_job){.program = {.argv = {program_path("last_moments"), "not_dumpable"},
                                           .prepare = give_up_ptrace}});
    assert_refused(&ran, "unclassified", "is not dumpable");
    const json_t *fd = json_object_get(json_object_get(ran.process, "totals"), "fd");
    ck_assert(json_is_null(json_object_get(fd, "unattributed")));
    ck_assert(json_is_null(json_object_get(fd, "inherited")));
}
END_TEST

START_TEST(without_verdicts_nothing_is_stopped) {
    struct seep_job job = {.program = {.argv = {program_path("last_moments"), "dead_stack"}},
                           .options = {"--verdict", "off"}};
    struct seep_run ran = seep_run_job(_i, &job);
    ck_assert_int_eq(exit_status(&ran.outcome), 0);
    ck_assert_int_eq(blocks_of_size(ran.process, "unclassified", LOST), 2);
    ck_assert_str_eq(json_string_value(json_object_get(scan_of(ran.process), "refused")), "--verdict off");
}
END_TEST

static const char *const allocators[] = {"allocator_jemalloc", "allocator_tcmalloc", "allocator_mimalloc"};

// tests/programs/allocator_work.h: what other allocators keep for themselves holds no block.
START_TEST(other_allocators_blocks_are_told_apart) {
    struct seep_run ran = SEEP(_i % WAYS, allocators[_i / WAYS]);
    ck_assert_int_eq(exit_status(&ran.outcome), 0);
    ck_assert_int_eq(blocks_of_size(ran.process, "definite", 20), 1);
    ck_assert_int_ge(blocks_of_size(ran.process, "reachable", 48), 100);
}
END_TEST

START_TEST(an_abort_is_a_last_moment) {
    struct seep_run ran = SEEP(_i, "last_moments", "aborts");
    ck_assert_int_eq(exit_status(&ran.outcome), 128 + SIGABRT);
    assert_end(ran.process, "signal", SIGABRT);
    ck_assert_int_eq(blocks_of_size(ran.process, "reachable", HELD), 1);
    ck_assert_int_eq(blocks_of_size(ran.process, "definite", LOST), 1);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, an_abort_is_a_last_moment, 0, WAYS);
    tcase_add_loop_test(tests, what_is_held_is_reachable_and_what_is_lost_is_lost, 0, HOLDINGS * WAYS);
    tcase_add_loop_test(tests, it_is_the_same_with_other_allocators, 0,
                        HOLDINGS * (effort_is_small() ? 1 : PRELOADED));
    tcase_add_loop_test(tests, a_child_holds_its_blocks_in_what_it_inherited, 0, WAYS);
    tcase_add_loop_test(tests, of_a_child_without_blocks_no_memory_is_read, 0, WAYS);
    tcase_add_loop_test(tests, requests_that_hide_what_they_hold_are_told_of, 0, WAYS);
    tcase_add_loop_test(tests, who_is_traced_by_somebody_else_is_unclassified_and_told_why, 0, WAYS);
    tcase_add_loop_test(tests, where_a_filter_forbids_ptrace_blocks_are_unclassified_and_the_remedy_is_named,
                        0, WAYS);
    tcase_add_loop_test(tests, who_is_not_dumpable_is_unclassified_and_told_why, 0, WAYS);
    tcase_add_loop_test(tests, without_verdicts_nothing_is_stopped, 0, WAYS);
    tcase_add_loop_test(tests, other_allocators_blocks_are_told_apart, 0,
                        (int)(sizeof allocators / sizeof *allocators) * WAYS);
}
SEEP_TEST_MAIN("last moment")
