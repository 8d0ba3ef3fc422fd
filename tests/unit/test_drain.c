// links: analyzer/process_descriptors.c analyzer/descriptor_type.c analyzer/proc/open_files.c analyzer/proc/net_tables.c
// links: analyzer/proc/unix_peers.c analyzer/proc/fdinfo.c analyzer/whole_file.c
// links: analyzer/process_memory.c analyzer/process_mappings.c analyzer/memory/look.c
// links: analyzer/memory/arenas.c analyzer/memory/pieces.c analyzer/memory/pages.c analyzer/memory/cgroup.c
// links: analyzer/ledger/ledger.c analyzer/ledger/sequence.c analyzer/ledger/descriptors.c
// links: analyzer/ledger/mappings.c analyzer/ledger/regions.c analyzer/ledger/unmappings.c analyzer/ledger/threads.c
// links: analyzer/verdict/*.c analyzer/proc/smaps.c analyzer/arena.c
// links: analyzer/drain.c analyzer/family.c analyzer/process.c analyzer/harvest.c analyzer/table.c analyzer/turnover.c
// links: analyzer/live.c analyzer/live_history.c analyzer/live_order.c analyzer/live_pool.c
// links: analyzer/live_recent.c analyzer/live_table.c
// Memory that a crashed or hostile program wrote: draining and harvesting end, believe nothing twice, and
// count what they could not use. And processes whose word about themselves cannot be true.
#include "analyzer/drain.h"
#include "analyzer/process.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SLOTS = 16 };

static struct family *family;

static void setup(void) {
    family = family_new(&(struct family_options){.ring_slots = SLOTS,
                                                 .depth = 64,
                                                 .follow = true,
                                                 .track = WIRE_TRACK_HEAP,
                                                 .address_space = (uint64_t)256 << 20});
    ck_assert_ptr_nonnull(family);
}

static struct process *own_process(void) {
    family_process(family, 0)->state = SLOT_LIVE;
    family->memory->processes_used = 1;
    return process_new(family, 0, getpid(), BEGIN_EXEC, NULL);
}

static struct wire_thread *extent(uint32_t index, uint32_t slot) {
    *family_extent_state(family, index) = SLOT_LIVE;
    family->memory->extents_used = index + 1;
    family_thread(family, index)->process_slot = slot;
    return family_thread(family, index);
}

static void finish(struct process *process) {
    drain_process(family, process, true);
    process_finish(process, false);
}

START_TEST(a_head_out_of_reach_is_damage_not_work) {
    static const uint64_t heads[] = {SLOTS + 1, UINT64_MAX, (uint64_t)1 << 63, (uint64_t)1 << 30};
    setup();
    struct process *process = own_process();
    struct wire_thread *thread = extent(0, 0);
    thread->ring.head = heads[_i];
    ck_assert_uint_eq(drain_round(family), 0);
    ck_assert_uint_gt(process->lost_records, 0);
    ck_assert_uint_eq(thread->ring.tail, heads[_i]); // a producer that goes on finds room
    thread->ring.head = heads[_i] - 1;               // and one that goes back is damaged again
    ck_assert_uint_eq(drain_round(family), 0);
    finish(process);
    ck_assert_uint_eq(process->counts.acquired, 0);
    process_free(process);
    family_free(family);
}
END_TEST

START_TEST(records_that_make_no_sense_are_counted) {
    setup();
    struct process *process = own_process();
    struct wire_thread *thread = extent(0, 0);
    struct wire_record *slots = (struct wire_record *)family_slots(family, 0);
    for (uint32_t i = 0; i < SLOTS; i++)
        slots[i] = (struct wire_record){.address = i + 1, .bytes = 1, .kind = (uint8_t)i, .call = 255};
    thread->ring.head = SLOTS;
    ck_assert_uint_eq(drain_round(family), SLOTS);
    ck_assert_uint_eq(process->invalid_records, SLOTS - (RECORD_KINDS - 1));
    finish(process);
    ck_assert_uint_eq(process->counts.live_blocks, 1);
    ck_assert_uint_eq(process->counts.waiting_releases, 1);
    process_free(process);
    family_free(family);
}
END_TEST

START_TEST(extents_of_nobody_are_left_alone) {
    static const uint32_t slots[] = {1, WIRE_PROCESSES, UINT32_MAX};
    setup();
    struct process *process = own_process();
    for (uint32_t i = 0; i < 3; i++)
        extent(i, slots[i])->ring.head = 1;
    family->memory->extents_used = UINT32_MAX;
    ck_assert_uint_eq(drain_round(family), 0);
    finish(process);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_uint_eq(*family_extent_state(family, i), SLOT_LIVE);
    process_free(process);
    family_free(family);
}
END_TEST

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void scribble(void *at, size_t bytes, uint64_t *random) {
    for (size_t i = 0; i + 8 <= bytes; i += 8) {
        uint64_t word = next_random(random) >> next_random(random) % 64;
        memcpy((char *)at + i, &word, sizeof word);
    }
}

START_TEST(random_memory_is_survived) {
    setup();
    struct process *process = own_process();
    uint64_t random = (uint64_t)_i * 0x9e3779b97f4a7c15ull + 1;
    for (int round = 0; round < 50; round++) {
        for (uint32_t i = 0; i < 8; i++) {
            struct wire_thread *thread = extent(i, 0);
            scribble((void *)family_slots(family, i), SLOTS * sizeof(struct wire_record), &random);
            scribble(family_nursery(family, i), sizeof(struct wire_nursery), &random);
            thread->ring.head += next_random(&random) % (SLOTS + 2);
            if (next_random(&random) % 8 == 0)
                scribble(thread, sizeof *thread, &random);
        }
        scribble(&family->memory->extents_used, 80, &random);
        family->memory->processes_used = 1;
        scribble((char *)family->memory + family->nodes_at, 4096, &random);
        scribble((char *)family->memory + family->modules_at, 4096, &random);
        drain_round(family);
        drain_reap_threads(family);
    }
    finish(process);
    uint64_t blocks = 0;
    for (size_t i = 0; i < process->harvest.group_count; i++)
        if (process->harvest.groups[i].kind == SITE_HEAP)
            blocks += process->harvest.groups[i].count;
    ck_assert_uint_eq(blocks, process->counts.live_blocks);
    ck_assert_uint_eq(family->live_processes, 0);
    process_free(process);
    family_free(family);
}
END_TEST

static void enter(void *context, struct family *of, uint32_t slot) {
    (void)context;
    process_new(of, slot, (pid_t)family_process(of, slot)->pid, BEGIN_FORK, of->by_slot[0]);
}

static struct process *forked(uint32_t pid) {
    family_process(family, 1)->state = SLOT_LIVE;
    family_process(family, 1)->pid = pid;
    family->memory->processes_used = 2;
    drain_new_slots(family, enter, NULL);
    ck_assert_ptr_nonnull(family->by_slot[1]);
    return family->by_slot[1];
}

// Only its family's end tells that it is gone. All are released.
static void assert_unseen(struct process *child, struct process *parent) {
    ck_assert(!process_is_gone(child));
    ck_assert_uint_eq(family->unseen_processes, 1);
    finish(child);
    ck_assert_uint_eq(family->unseen_processes, 0);
    finish(parent);
    process_free(child);
    process_free(parent);
    family_free(family);
}

// Whoever began before the family cannot be its child, which has its id elsewhere, or lies: only its family's
// end tells.
START_TEST(a_child_that_claims_to_be_init_is_not_watched) {
    setup();
    struct process *parent = own_process(), *child = forked(1);
    ck_assert_int_eq(child->pidfd, -1);
    assert_unseen(child, parent);
}
END_TEST

START_TEST(ids_of_another_namespace_are_nobodys) {
    setup();
    struct process *parent = own_process();
    family->foreign_ids = true;
    assert_unseen(forked((uint32_t)getpid()), parent);
}
END_TEST

START_TEST(a_child_that_lives_is_watched_to_its_end) {
    setup();
    struct process *parent = own_process();
    int fds[2], status;
    ck_assert_int_eq(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char byte;
        close(fds[1]);
        _exit(read(fds[0], &byte, 1) == 0 ? 7 : 1);
    }
    struct process *child = forked((uint32_t)pid);
    ck_assert(!process_is_gone(child));
    ck_assert(process_has_children(parent));
    close(fds[1]);
    while (!process_is_gone(child))
        ;
    ck_assert(!process_has_children(parent)); // a zombie does not live
    finish(child);
    ck_assert_int_eq(child->end, END_EXIT);
    ck_assert_int_eq(child->end_code, 7);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    finish(parent);
    process_free(child);
    process_free(parent);
    family_free(family);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, a_head_out_of_reach_is_damage_not_work, 0, 4);
    tcase_add_test(tests, records_that_make_no_sense_are_counted);
    tcase_add_test(tests, extents_of_nobody_are_left_alone);
    tcase_add_loop_test(tests, random_memory_is_survived, 0, 20);
    tcase_add_test(tests, a_child_that_claims_to_be_init_is_not_watched);
    tcase_add_test(tests, ids_of_another_namespace_are_nobodys);
    tcase_add_test(tests, a_child_that_lives_is_watched_to_its_end);
}
SEEP_TEST_MAIN("drain")
