// links: analyzer/sample.c analyzer/process_memory.c analyzer/process_mappings.c analyzer/process.c analyzer/process_descriptors.c analyzer/descriptor_type.c analyzer/family.c
// links: analyzer/memory/account.c analyzer/memory/remedy.c analyzer/memory/look.c analyzer/memory/arenas.c
// links: analyzer/memory/pieces.c analyzer/memory/pages.c analyzer/memory/cgroup.c
// links: analyzer/verdict/*.c analyzer/report/units.c analyzer/proc/*.c analyzer/arena.c
// links: analyzer/ledger/ledger.c analyzer/ledger/sequence.c analyzer/ledger/descriptors.c analyzer/whole_file.c
// links: analyzer/ledger/mappings.c analyzer/ledger/regions.c analyzer/ledger/unmappings.c analyzer/ledger/threads.c
// links: analyzer/harvest.c analyzer/table.c analyzer/turnover.c analyzer/live.c analyzer/live_history.c
// links: analyzer/live_order.c analyzer/live_pool.c analyzer/live_recent.c analyzer/live_table.c
//
// A process that is killed was looked at before: while it ran, when it had grown, and not oftener than is
// cheap.
#include "analyzer/memory/look.h"
#include "analyzer/process_memory.h"
#include "analyzer/sample.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GROWS_BYTES = 32 << 20 };

static struct family *family;
static struct process *process;
static pid_t child;
static int orders[2], answers[2];

// Grows at each order.
static void live_in_child(void) {
    char byte;
    while (read(orders[0], &byte, 1) == 1) {
        char *more = mmap(NULL, GROWS_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(more, 1, GROWS_BYTES);
        if (write(answers[1], &byte, 1) != 1)
            break;
    }
    _exit(1);
}

static void grow(void) {
    char byte = 0;
    ck_assert_int_eq(write(orders[1], &byte, 1), 1);
    ck_assert_int_eq(read(answers[0], &byte, 1), 1);
}

static void start_child(void) {
    ck_assert_int_eq(pipe(orders), 0);
    ck_assert_int_eq(pipe(answers), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        live_in_child();
    family = family_new(
        &(struct family_options){.ring_slots = 16, .depth = 16, .address_space = (uint64_t)256 << 20});
    ck_assert_ptr_nonnull(family);
    process = process_new(family, 0, child, BEGIN_EXEC, NULL);
    ck_assert_int_ge(process->pidfd, 0);
    grow(); // it waits now, and does not change before it is told to
}

static void end_child(void) {
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    process_free(process);
    family_free(family);
    for (int i = 0; i < 2; i++) {
        close(orders[i]);
        close(answers[i]);
    }
}

// As if the time until the next look had passed.
static void sample_when_due(void) {
    process->sampling.ask_ns = process->sampling.look_ns = 0;
    sample_memory(&process, 1);
}

START_TEST(the_first_look_is_taken_at_once) {
    sample_memory(&process, 1);
    ck_assert_ptr_nonnull(process->look);
    ck_assert(!process->looked_at_end);
    ck_assert_uint_ge(process->look->rss_bytes, GROWS_BYTES);
}
END_TEST

START_TEST(another_look_waits_until_it_is_cheap) {
    sample_memory(&process, 1);
    uint64_t taken = process->look->taken_ns;
    ck_assert_uint_ge(process->sampling.look_ns, taken + 900000000);
    grow();
    sample_memory(&process, 1);
    ck_assert_uint_eq(process->look->taken_ns, taken);
    process->sampling.ask_ns = 0; // its size is asked for, no more
    sample_memory(&process, 1);
    ck_assert_uint_eq(process->look->taken_ns, taken);
}
END_TEST

START_TEST(what_has_grown_is_looked_at_again_and_what_has_not_is_not) {
    sample_memory(&process, 1);
    uint64_t taken = process->look->taken_ns;
    sample_when_due();
    ck_assert_uint_eq(process->look->taken_ns, taken);
    grow();
    sample_when_due();
    ck_assert_uint_gt(process->look->taken_ns, taken);
    ck_assert_uint_ge(process->look->rss_bytes, 2 * GROWS_BYTES);
    ck_assert_uint_ge(process->sampling.most_pages, 2 * GROWS_BYTES / 4096);
}
END_TEST

START_TEST(what_was_seen_stays_when_it_was_killed) {
    sample_memory(&process, 1);
    uint64_t taken = process->look->taken_ns;
    kill(child, SIGKILL);
    siginfo_t info;
    ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    process->sampling.pages = 0;
    sample_when_due();
    process_look(process, false);
    ck_assert_ptr_nonnull(process->look);
    ck_assert_uint_eq(process->look->taken_ns, taken);
    ck_assert_uint_ge(process->look->rss_bytes, GROWS_BYTES);
}
END_TEST

START_TEST(who_was_examined_at_its_end_is_left_alone) {
    process->examined = true;
    sample_memory(&process, 1);
    ck_assert_ptr_null(process->look);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, start_child, end_child);
    tcase_add_test(tests, the_first_look_is_taken_at_once);
    tcase_add_test(tests, another_look_waits_until_it_is_cheap);
    tcase_add_test(tests, what_has_grown_is_looked_at_again_and_what_has_not_is_not);
    tcase_add_test(tests, what_was_seen_stays_when_it_was_killed);
    tcase_add_test(tests, who_was_examined_at_its_end_is_left_alone);
}
SEEP_TEST_MAIN("sample")
