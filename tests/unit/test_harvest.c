// links: analyzer/harvest.c analyzer/family.c analyzer/table.c analyzer/turnover.c analyzer/verdict/*.c analyzer/proc/smaps.c analyzer/arena.c
// links: analyzer/live.c analyzer/live_history.c analyzer/live_order.c analyzer/live_pool.c
// links: analyzer/live_recent.c analyzer/live_table.c
// Live blocks grouped by call and stack, with their frames; damaged stacks cost nothing and are counted.
#include "analyzer/harvest.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 16 };

static struct family *family;
static struct live_set *live;
static struct harvest harvest;

static void setup(void) {
    family = family_new(&(struct family_options){.ring_slots = 4,
                                                 .depth = DEPTH,
                                                 .follow = true,
                                                 .track = WIRE_TRACK_HEAP,
                                                 .address_space = (uint64_t)512 << 20});
    ck_assert_ptr_nonnull(family);
    live = live_new(0);
}

static void teardown(void) {
    harvest_free(&harvest);
    live_free(live);
    family_free(family);
}

static void node(uint32_t id, uint32_t parent, uint32_t module, uint64_t pc) {
    struct wire_stack_node *nodes = (void *)((char *)family->memory + family->nodes_at);
    nodes[id] = (struct wire_stack_node){.pc = pc, .parent = parent, .module = module};
}

static void module(uint32_t index, const char *path, uint64_t load_bias) {
    struct wire_module *modules = (void *)((char *)family->memory + family->modules_at);
    uint32_t offset = index * 64;
    strcpy((char *)family->memory + family->strings_at + offset, path);
    modules[index] = (struct wire_module){
        .ready = 1, .path_offset = offset, .path_bytes = (uint32_t)strlen(path), .load_bias = load_bias};
}

static void block(uint64_t address, uint64_t bytes, uint8_t call, uint32_t stack) {
    struct wire_record record = {
        .address = address, .bytes = bytes, .call = call, .stack = stack, .kind = RECORD_ACQUIRE};
    ck_assert_int_eq(live_apply(live, &record), 0);
}

static void collect(void) {
    live_settle(live);
    harvest_collect(&harvest, family, live, NULL);
}

static const struct harvested_group *group_of(uint8_t call, uint32_t stack) {
    for (size_t i = 0; i < harvest.group_count; i++)
        if (harvest.groups[i].call == call && harvest.groups[i].stack == stack)
            return &harvest.groups[i];
    ck_abort_msg("no group of call %d and stack %u", call, stack);
    return NULL;
}

START_TEST(blocks_are_grouped_by_call_and_stack) {
    setup();
    node(1, 0, 0, 100);
    for (uint64_t i = 0; i < 300; i++)
        block(0x1000 + i * 16, i, i % 3 ? CALL_malloc : CALL_calloc, i % 2);
    collect();
    ck_assert_uint_eq(harvest.group_count, 4);
    uint64_t count = 0, bytes = 0;
    for (size_t i = 0; i < harvest.group_count; i++) {
        count += harvest.groups[i].count;
        bytes += harvest.groups[i].bytes;
    }
    ck_assert_uint_eq(count, 300);
    ck_assert_uint_eq(bytes, 299 * 300 / 2);
    ck_assert_uint_eq(group_of(CALL_calloc, 0)->count, 50);
    teardown();
}
END_TEST

START_TEST(examples_are_the_lowest_addresses) {
    setup();
    for (uint64_t i = 0; i < 100; i++)
        block(0x1000 + (i * 37 + 11) % 100 * 16, 5, CALL_malloc, 0);
    collect();
    const struct harvested_group *group = group_of(CALL_malloc, 0);
    ck_assert_uint_eq(group->example_count, HARVEST_EXAMPLES);
    for (uint64_t i = 0; i < HARVEST_EXAMPLES; i++)
        ck_assert_uint_eq(group->examples[i].address, 0x1000 + i * 16);
    teardown();
}
END_TEST

START_TEST(frames_come_innermost_first_with_their_modules) {
    setup();
    module(1, "/bin/main", 1000);
    module(2, "/lib/x.so", 2000);
    node(1, 0, 1, 1100);
    node(2, 1, 2, 2100);
    node(3, 2, 2 | STACK_EXACT_PC, 2200);
    node(4, 3, 9, 5000); // in a module that has no entry
    block(16, 1, CALL_malloc, 4);
    collect();
    const struct harvested_group *group = group_of(CALL_malloc, 4);
    ck_assert(!group->truncated);
    ck_assert_uint_eq(group->frame_count, 4);
    const struct harvested_frame *frames = &harvest.frames[group->first_frame];
    ck_assert_int_eq(frames[0].module, -1);
    ck_assert_uint_eq(frames[0].address, 4999); // the call, before the return address
    ck_assert_uint_eq(frames[1].address, 2200);
    ck_assert_str_eq(harvest.modules[frames[1].module].path, "/lib/x.so");
    ck_assert_uint_eq(frames[2].address, 2099);
    ck_assert_str_eq(harvest.modules[frames[3].module].path, "/bin/main");
    ck_assert_uint_eq(harvest.modules[frames[3].module].load_bias, 1000);
    ck_assert_uint_eq(harvest.module_count, 2);
    ck_assert_uint_eq(harvest.damaged_stacks, 0);
    teardown();
}
END_TEST

START_TEST(markers_are_no_frames) {
    setup();
    node(1, 0, STACK_TRUNCATED, 0);
    node(2, 1, 0, 100);
    node(3, 2, STACK_ELIDED, 0);
    node(4, 3, 0, 200);
    block(16, 1, CALL_malloc, 4);
    block(32, 1, CALL_malloc, 0);
    collect();
    ck_assert(group_of(CALL_malloc, 4)->truncated);
    ck_assert_uint_eq(group_of(CALL_malloc, 4)->frame_count, 2);
    ck_assert(group_of(CALL_malloc, 0)->truncated); // a stack that is not known
    ck_assert_uint_eq(group_of(CALL_malloc, 0)->frame_count, 0);
    ck_assert_uint_eq(harvest.damaged_stacks, 0);
    teardown();
}
END_TEST

START_TEST(the_deepest_stack_that_may_be_is_whole) {
    setup();
    node(1, 0, STACK_TRUNCATED, 0);
    for (uint32_t id = 2; id <= DEPTH + 2; id++)
        node(id, id - 1, id == 5 ? STACK_ELIDED : 0, id);
    block(16, 1, CALL_malloc, DEPTH + 2);
    block(32, 1, CALL_malloc, DEPTH + 3);
    node(DEPTH + 3, DEPTH + 2, 0, 1);
    collect();
    ck_assert_uint_eq(group_of(CALL_malloc, DEPTH + 2)->frame_count, DEPTH);
    ck_assert_uint_eq(group_of(CALL_malloc, DEPTH + 3)->frame_count, 0); // deeper than any can be
    ck_assert_uint_eq(harvest.damaged_stacks, 1);
    teardown();
}
END_TEST

START_TEST(damaged_stacks_are_counted_and_cost_nothing) {
    setup();
    node(1, 1, 0, 100);
    node(2, 3, 0, 200);
    node(3, 2, 0, 300);
    uint32_t stacks[] = {1, 2, 3, UINT32_MAX, family->node_limit};
    for (uint64_t i = 0; i < 5; i++)
        block(16 + 16 * i, 1, CALL_malloc, stacks[i]);
    collect();
    ck_assert_uint_eq(harvest.group_count, 5);
    ck_assert_uint_eq(harvest.damaged_stacks, 5);
    ck_assert_uint_eq(harvest.frame_count, 0);
    for (size_t i = 0; i < 5; i++)
        ck_assert(harvest.groups[i].truncated);
    teardown();
}
END_TEST

static size_t times_seen(uint64_t address) {
    size_t times = 0;
    for (size_t i = 0; i < harvest.frame_count; i++)
        times += harvest.frames[i].address == address;
    return times;
}

START_TEST(a_glance_sees_each_frame_once) {
    setup();
    module(1, "/bin/main", 1000);
    module(2, "/lib/libseep.so", 2000);
    node(1, 0, STACK_TRUNCATED, 0);
    node(2, 1, 1, 100);
    node(3, 2, 1, 200);
    node(4, 2, 1, 300);
    node(5, 4, 2, 400);
    node(6, 7, 1, 500); // its caller is younger than it
    for (uint64_t i = 0; i < 1000; i++)
        block(16 + 16 * i, 1, CALL_malloc, 3 + i % 4);
    live_settle(live);
    harvest_glance(&harvest, family, live);
    ck_assert_uint_eq(harvest.group_count, 0);
    ck_assert_uint_eq(harvest.frame_count, 3);
    ck_assert_uint_eq(times_seen(99), 1);
    ck_assert_uint_eq(times_seen(199), 1);
    ck_assert_uint_eq(times_seen(299), 1);
    ck_assert_str_eq(harvest.modules[harvest.frames[0].module].path, "/bin/main");
    teardown();
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, blocks_are_grouped_by_call_and_stack);
    tcase_add_test(tests, examples_are_the_lowest_addresses);
    tcase_add_test(tests, frames_come_innermost_first_with_their_modules);
    tcase_add_test(tests, markers_are_no_frames);
    tcase_add_test(tests, the_deepest_stack_that_may_be_is_whole);
    tcase_add_test(tests, damaged_stacks_are_counted_and_cost_nothing);
    tcase_add_test(tests, a_glance_sees_each_frame_once);
}
SEEP_TEST_MAIN("harvest")
