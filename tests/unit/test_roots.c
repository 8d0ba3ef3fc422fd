// links: analyzer/verdict/roots*.c analyzer/verdict/ranges.c analyzer/verdict/memory.c analyzer/proc/smaps.c
// links: analyzer/arena.c
// What counts as a root of a made-up process, area by area.
#include "tests/unit/roots_world.h"

#include <sys/resource.h>

enum { PAGES = 32, SIZE = PAGES * WORLD_PAGE };

static uint64_t page(uint64_t base, uint64_t number) {
    return base + number * WORLD_PAGE;
}

START_TEST(written_memory_is_a_root_but_for_devices_and_files_that_were_not) {
    struct world world = world_new();
    uint64_t base = world_memory(SIZE, WORLD_PAGE);
    world_area(&world, page(base, 0), page(base, 1), "");
    world_area(&world, page(base, 1), page(base, 2), "/a/file")->protection = PROT_READ;
    struct smaps_area *was_written = world_area(&world, page(base, 2), page(base, 3), "/a/file");
    was_written->protection = PROT_READ;
    was_written->anonymous_bytes = WORLD_PAGE;
    world_area(&world, page(base, 3), page(base, 4), "/dev/card")->flags = SMAPS_DEVICE;
    world_area(&world, page(base, 4), page(base, 5), "/shared")->shared = true;
    world_guard(&world, page(base, 5), page(base, 6));
    world_search(&world);
    ASSERT_ROOT(&world, page(base, 0), page(base, 1));
    ASSERT_NO_ROOT(&world, page(base, 1), page(base, 2));
    ASSERT_ROOT(&world, page(base, 2), page(base, 3));
    ASSERT_NO_ROOT(&world, page(base, 3), page(base, 4));
    ASSERT_ROOT(&world, page(base, 4), page(base, 5));
    ASSERT_NO_ROOT(&world, page(base, 5), page(base, 6));
}
END_TEST

// One area: what nobody recorded with a block in it, the program's, the allocator's own, the program's.
static struct world neighbours(uint64_t base, bool is_booked) {
    struct world world = world_new();
    world_area(&world, base, page(base, 8), "");
    world_block(&world, page(base, 1) + 64, 100);
    if (is_booked) {
        world_mapping(&world, page(base, 2), page(base, 4), false);
        world_mapping(&world, page(base, 4), page(base, 6), true);
        world_mapping(&world, page(base, 6), page(base, 9), false); // some of it is not there any more
    }
    world_search(&world);
    return world;
}

START_TEST(an_area_is_cut_where_mappings_end) {
    uint64_t base = world_memory(SIZE, WORLD_PAGE);
    struct world world = neighbours(base, true);
    ASSERT_NO_ROOT(&world, base, page(base, 2));
    ASSERT_ROOT(&world, page(base, 2), page(base, 4));
    ASSERT_NO_ROOT(&world, page(base, 4), page(base, 6));
    ASSERT_ROOT(&world, page(base, 6), page(base, 8));
    ASSERT_NO_ROOT(&world, page(base, 8), page(base, 9));
}
END_TEST

START_TEST(an_area_with_a_block_is_an_allocators_where_mappings_are_not_known) {
    uint64_t base = world_memory(SIZE, WORLD_PAGE);
    struct world world = neighbours(base, false);
    ASSERT_NO_ROOT(&world, base, page(base, 8));
}
END_TEST

START_TEST(a_mapping_that_blocks_lie_in_is_an_allocators_whoever_made_it) {
    struct world world = world_new();
    uint64_t base = world_memory(SIZE, WORLD_PAGE);
    world_area(&world, base, page(base, 8), "");
    world_mapping(&world, page(base, 1), page(base, 3), false);
    world_mapping(&world, page(base, 3), page(base, 5), false);
    world_block(&world, page(base, 4), 24);
    world_search(&world);
    ASSERT_ROOT(&world, base, page(base, 3));
    ASSERT_NO_ROOT(&world, page(base, 3), page(base, 5));
    ASSERT_ROOT(&world, page(base, 5), page(base, 8));
}
END_TEST

START_TEST(the_break_is_an_allocators_but_for_what_the_program_moved) {
    struct world world = world_new();
    uint64_t base = world_memory(SIZE, WORLD_PAGE);
    world_area(&world, base, page(base, 8), "[heap]");
    world_mapping(&world, page(base, 2) + 3, page(base, 3) + 7, false); // by any number of bytes
    world_search(&world);
    ASSERT_NO_ROOT(&world, base, page(base, 2));
    ASSERT_ROOT(&world, page(base, 2), page(base, 3));
    ASSERT_NO_ROOT(&world, page(base, 3) + 8, page(base, 8));
}
END_TEST

START_TEST(a_forked_childs_regions_count_but_for_its_blocks) {
    struct world world = world_new();
    uint64_t base = world_memory(SIZE, WORLD_PAGE);
    world_area(&world, base, page(base, 8), "[heap]");
    world_block(&world, page(base, 1), 100);
    world.question.is_forked = true;
    world_search(&world);
    ASSERT_ROOT(&world, base, page(base, 1));
    ASSERT_NO_ROOT(&world, page(base, 1), page(base, 1) + 112);
    ASSERT_ROOT(&world, page(base, 1) + 112, page(base, 8));
}
END_TEST

START_TEST(seeps_own_memory_is_none) {
    struct world world = world_new();
    uint64_t base = world_memory(SIZE, WORLD_PAGE);
    world_area(&world, page(base, 0), page(base, 2), "/usr/lib/seep/libseep.so");
    world_area(&world, page(base, 2), page(base, 8), ""); // its zeroed data, and another's above it
    struct smaps_area *shared = world_area(&world, page(base, 8), page(base, 9), "/memfd:seep");
    shared->inode = 5;
    world.own[0] = (struct wire_own){page(base, 2), WORLD_PAGE};
    world.question.own_area_count = 1;
    world.question.own_files[0] = (struct roots_file){.inode = 5};
    world_search(&world);
    ASSERT_NO_ROOT(&world, base, page(base, 3));
    ASSERT_ROOT(&world, page(base, 3), page(base, 8));
    ASSERT_NO_ROOT(&world, page(base, 8), page(base, 9));
}
END_TEST

// As glibc lays it out: a guard, the stack, and in its last page the control block, whose address is in it.
static uint64_t control_block(uint64_t stack_end) {
    uint64_t control = stack_end - 0x940;
    world_word(control, control);
    world_word(control + 16, control);
    return control;
}

START_TEST(a_stack_counts_from_its_pointer_to_its_control_block) {
    struct world world = world_new();
    uint64_t base = world_memory(SIZE, WORLD_PAGE), end = page(base, 10);
    uint64_t control = control_block(end), sp = page(base, 6) + 136;
    world_guard(&world, base, page(base, 1));
    world_area(&world, page(base, 1), page(base, 16), ""); // with a block's own mapping right above the stack
    world_block(&world, page(base, 12), 100);
    world_thread(&world, 7, sp, control);
    world_search(&world);
    ASSERT_NO_ROOT(&world, page(base, 1), sp - 128);
    ASSERT_ROOT(&world, sp - 128, end);
    ASSERT_NO_ROOT(&world, end, page(base, 16));
}
END_TEST

START_TEST(a_stack_that_waits_counts_as_a_whole) {
    struct world world = world_new();
    uint64_t base = world_memory(SIZE, WORLD_PAGE), end = page(base, 10);
    world_guard(&world, base, page(base, 1));
    world_area(&world, page(base, 1), end, "");
    world_area(&world, page(base, 12), page(base, 14), ""); // where the thread runs
    world_thread(&world, 7, page(base, 13), control_block(end));
    world_search(&world);
    ASSERT_ROOT(&world, page(base, 1), end);
    ASSERT_ROOT(&world, page(base, 12), page(base, 14));
}
END_TEST

START_TEST(a_stack_that_was_left_counts_from_its_control_block) {
    struct world world = world_new();
    uint64_t base = world_memory(SIZE, WORLD_PAGE), end = page(base, 10), control = control_block(end);
    world_guard(&world, base, page(base, 1));
    world_area(&world, page(base, 1), end, "");
    world_search(&world);
    ASSERT_NO_ROOT(&world, page(base, 1), control);
    ASSERT_ROOT(&world, control, end);
}
END_TEST

START_TEST(a_stack_that_was_left_is_found_below_what_the_kernel_joined_to_it) {
    struct world world = world_new();
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_STACK, &limit), 0);
    uint64_t usual = limit.rlim_cur == RLIM_INFINITY ? 2 << 20 : limit.rlim_cur / WORLD_PAGE * WORLD_PAGE;
    uint64_t base = world_memory(usual + SIZE, WORLD_PAGE), start = page(base, 1), end = start + usual;
    uint64_t control = control_block(end);
    world_guard(&world, base, start);
    world_area(&world, start, page(end, 8), "");
    world_search(&world);
    ASSERT_NO_ROOT(&world, start, control);
    ASSERT_ROOT(&world, control, page(end, 8));
}
END_TEST

START_TEST(the_main_stack_counts_from_where_the_program_stands) {
    struct world world = world_new();
    uint64_t base = world_memory(SIZE, WORLD_PAGE);
    world_area(&world, base, page(base, 8), "[stack]");
    world_thread(&world, getpid(), page(base, 2), 0);
    world.question.standing_stack = page(base, 5);
    world_search(&world);
    ASSERT_NO_ROOT(&world, base, page(base, 5));
    ASSERT_ROOT(&world, page(base, 5), page(base, 8));
}
END_TEST

START_TEST(a_stack_in_a_block_counts_from_its_pointer) {
    struct world world = world_new();
    uint64_t base = world_memory(SIZE, WORLD_PAGE);
    world_area(&world, base, page(base, 8), "[heap]");
    world_block(&world, page(base, 1), 4 * WORLD_PAGE);
    world_thread(&world, 7, page(base, 3), 0);
    world_search(&world);
    ASSERT_NO_ROOT(&world, base, page(base, 3) - 128);
    ASSERT_ROOT(&world, page(base, 3) - 128, page(base, 5));
    ASSERT_NO_ROOT(&world, page(base, 5), page(base, 8));
}
END_TEST

// Code is read in pieces of 256 KiB.
START_TEST(made_code_is_looked_through_at_every_byte) {
    enum { PIECE = 256 * 1024, CODE = 2 * PIECE + WORLD_PAGE };
    struct world world = world_new();
    uint64_t base = world_memory(2 * CODE, WORLD_PAGE), block = 0x5500deadb000;
    for (int i = 0; i < 2; i++) { // anonymous, and a file's
        uint64_t code = base + (uint64_t)i * CODE;
        struct smaps_area *area = world_area(&world, code, code + CODE, i ? "/a/file" : "");
        area->protection = PROT_READ | PROT_EXEC;
        area->rss_bytes = area->anonymous_bytes = CODE;
        world_word(code + 16, block); // aligned: the area is a root
        world_word(code + 27, block);
        world_word(code + 101, block + 8);
        world_word(code + 203, block + 24); // one past its end
        world_word(code + PIECE - 3, block + 16);
        world_word(code + CODE - 9, block);
    }
    world_block(&world, block, 24);
    world_search(&world);
    ASSERT_ROOT(&world, base, base + 2 * CODE);
    const uint64_t found[] = {block, block + 8, block + 16, block};
    ck_assert_uint_eq(world.word_count, sizeof found / sizeof *found);
    ck_assert_mem_eq(world.words, found, sizeof found);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, written_memory_is_a_root_but_for_devices_and_files_that_were_not);
    tcase_add_test(tests, an_area_is_cut_where_mappings_end);
    tcase_add_test(tests, an_area_with_a_block_is_an_allocators_where_mappings_are_not_known);
    tcase_add_test(tests, a_mapping_that_blocks_lie_in_is_an_allocators_whoever_made_it);
    tcase_add_test(tests, the_break_is_an_allocators_but_for_what_the_program_moved);
    tcase_add_test(tests, a_forked_childs_regions_count_but_for_its_blocks);
    tcase_add_test(tests, seeps_own_memory_is_none);
    tcase_add_test(tests, a_stack_counts_from_its_pointer_to_its_control_block);
    tcase_add_test(tests, a_stack_that_waits_counts_as_a_whole);
    tcase_add_test(tests, a_stack_that_was_left_counts_from_its_control_block);
    tcase_add_test(tests, a_stack_that_was_left_is_found_below_what_the_kernel_joined_to_it);
    tcase_add_test(tests, the_main_stack_counts_from_where_the_program_stands);
    tcase_add_test(tests, a_stack_in_a_block_counts_from_its_pointer);
    tcase_add_test(tests, made_code_is_looked_through_at_every_byte);
}
SEEP_TEST_MAIN("roots")
