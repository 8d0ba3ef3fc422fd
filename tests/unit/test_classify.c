// links: analyzer/verdict/classify.c analyzer/verdict/classify_read.c analyzer/verdict/classify_decide.c
// links: analyzer/verdict/block_index.c analyzer/verdict/word_filter.c analyzer/verdict/pointers.c
// links: analyzer/verdict/vtables.c analyzer/verdict/window.c analyzer/verdict/mappings.c
//
// Each class in a made-up address space, each way to point to a block, and what is kept alive.
#include "tests/unit/classify_world.h"

#include <errno.h>

// Four blocks of 32 bytes, 0x1000 to 0x1100 in steps of 0x40.
static struct world *four(void) {
    struct world *w = world_new();
    for (uint64_t offset = 0x1000; offset < 0x1100; offset += 0x40)
        block(w, offset, 32);
    return w;
}

START_TEST(what_nothing_points_to_is_definite) {
    struct world *w = four();
    ck_assert_str_eq(classes(w), "dddd");
    ck_assert_uint_eq(w->counts.class[CLASS_DEFINITE].blocks, 4);
    ck_assert_uint_eq(w->counts.class[CLASS_DEFINITE].bytes, 128);
    world_free(w);
}
END_TEST

START_TEST(a_root_word_or_memory_makes_reachable_what_a_chain_leads_to) {
    struct world *w = four();
    hold(w, at(0x1000));
    store(w, 0x1008, at(0x1040));
    store(w, 0x2000, at(0x1080));
    ck_assert_str_eq(classes(w), "rrdd");
    root(w, 0x2000, 8);
    ck_assert_str_eq(classes(w), "rrrd");
    world_free(w);
}
END_TEST

START_TEST(an_interior_pointer_in_the_chain_makes_possible) {
    struct world *w = four();
    hold(w, at(0x1004));
    store(w, 0x1008, at(0x1040));
    store(w, 0x1040, at(0x1090));
    ck_assert_str_eq(classes(w), "pppd");
    hold(w, at(0x1040));
    ck_assert_str_eq(classes(w), "prpd");
    hold(w, at(0x1080));
    ck_assert_str_eq(classes(w), "prrd");
    world_free(w);
}
END_TEST

START_TEST(one_past_the_end_and_tags_are_interior) {
    struct world *w = four();
    hold(w, at(0x1020));
    hold(w, at(0x1040) + 1);
    hold(w, at(0x1080) + 33);
    hold(w, at(0x10c0) - 1);
    ck_assert_str_eq(classes(w), "ppdd");
    world_free(w);
}
END_TEST

START_TEST(where_another_block_begins_one_past_the_end_is_that_ones_start) {
    struct world *w = world_new();
    block(w, 0x1000, 32);
    block(w, 0x1020, 32);
    hold(w, at(0x1020));
    ck_assert_str_eq(classes(w), "dr");
    world_free(w);
}
END_TEST

START_TEST(a_block_of_no_bytes_has_a_start_only) {
    struct world *w = world_new();
    block(w, 0x1000, 0);
    block(w, 0x1010, 0);
    hold(w, at(0x1000));
    hold(w, at(0x1011));
    ck_assert_str_eq(classes(w), "rd");
    world_free(w);
}
END_TEST

START_TEST(a_lost_tree_hangs_on_its_root) {
    struct world *w = four();
    store(w, 0x1080, at(0x1000)); // found first, but held by a later one
    store(w, 0x1088, at(0x10c0));
    store(w, 0x1000, at(0x1044)); // interior counts among lost blocks too
    ck_assert_str_eq(classes(w), "iidi");
    struct classify_kept kept = classify_kept(w->result, 2);
    ck_assert_uint_eq(kept.blocks, 3);
    ck_assert_uint_eq(kept.bytes, 96);
    ck_assert_uint_eq(classify_kept(w->result, 0).blocks, 0);
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(classify_leader(w->result, i), 2);
    world_free(w);
}
END_TEST

START_TEST(a_cycle_is_represented_by_its_first_block) {
    struct world *w = four();
    store(w, 0x1000, at(0x1080));
    store(w, 0x1080, at(0x1040));
    store(w, 0x1040, at(0x1000));
    store(w, 0x10c0, at(0x10c0)); // to itself: a cycle of one
    ck_assert_str_eq(classes(w), "diid");
    ck_assert_uint_eq(classify_kept(w->result, 0).bytes, 64);
    ck_assert_uint_eq(classify_kept(w->result, 3).blocks, 0);
    world_free(w);
}
END_TEST

START_TEST(targets_are_named_once_each) {
    struct world *w = four();
    store(w, 0x1040, at(0x10c0));
    store(w, 0x1048, at(0x1000) + 3);
    store(w, 0x1050, at(0x10c0));
    store(w, 0x1058, at(0x1040));
    uint32_t targets[4] = {9, 9, 9, 9};
    classes(w);
    ck_assert_uint_eq(classify_targets(w->result, 1, targets, 4), 2);
    ck_assert_uint_eq(targets[0], 3);
    ck_assert_uint_eq(targets[1], 0);
    ck_assert_uint_eq(classify_targets(w->result, 1, targets, 1), 1);
    ck_assert_uint_eq(classify_targets(w->result, 0, targets, 4), 0);
    world_free(w);
}
END_TEST

START_TEST(what_cannot_be_read_is_skipped_and_counted) {
    struct world *w = world_new();
    block(w, 0x1000, 3 * WORLD_PAGE);
    block(w, 0x5000, 32);
    block(w, 0x5040, 32);
    store(w, 0x2ff8, at(0x5000)); // in the page that can't be read
    store(w, 0x3000, at(0x5040));
    w->unreadable[2] = 1;
    hold(w, at(0x1000));
    ck_assert_str_eq(classes(w), "rdr");
    ck_assert_uint_eq(w->counts.unreadable_bytes, WORLD_PAGE);
    ck_assert_uint_eq(w->counts.scanned_bytes, 2 * WORLD_PAGE + 64);
    world_free(w);
}
END_TEST

START_TEST(only_readable_mappings_are_asked_for) {
    struct world *w = world_new();
    block(w, 0x1000, 3 * WORLD_PAGE);
    block(w, 0x5000, 1ull << 60); // no such memory
    hold(w, at(0x1000));
    store(w, 0x3000, at(0x5000));
    mapping(w, 0x1000, WORLD_PAGE, MAPPING_READABLE);
    mapping(w, 0x2000, WORLD_PAGE, 0);
    mapping(w, 0x3000, WORLD_PAGE, MAPPING_READABLE);
    mapping(w, 0x5000, WORLD_PAGE, MAPPING_READABLE | MAPPING_EMPTY);
    ck_assert_str_eq(classes(w), "rr");
    ck_assert_uint_eq(w->counts.unreadable_bytes, WORLD_PAGE + (1ull << 60) - WORLD_PAGE);
    ck_assert_uint_eq(w->counts.scanned_bytes, 2 * WORLD_PAGE);
    ck_assert_uint_eq(w->reads, 2);
    world_free(w);
}
END_TEST

START_TEST(a_block_that_reaches_into_the_next_ends_there) {
    struct world *w = world_new();
    block(w, 0x1000, 0x100);
    block(w, 0x1040, 32);
    block(w, 0x1080, 32);
    hold(w, at(0x1000));
    store(w, 0x1048, at(0x1080)); // in the second
    ck_assert_str_eq(classes(w), "rdi");
    ck_assert_uint_eq(w->counts.overlapping, 1);
    world_free(w);
}
END_TEST

START_TEST(blocks_out_of_order_are_refused) {
    struct world *w = four();
    struct classify *untouched = NULL;
    w->blocks[2].address = w->blocks[1].address;
    ck_assert_int_eq(classify_read(&w->input, &untouched), -EINVAL);
    ck_assert_ptr_null(untouched);
    world_free(w);
}
END_TEST

START_TEST(no_blocks_at_all_are_fine) {
    struct world *w = world_new();
    root(w, 0, WORLD_BYTES);
    ck_assert_str_eq(classes(w), "");
    ck_assert_uint_eq(w->counts.scanned_bytes, WORLD_BYTES);
    classify_free(NULL);
    world_free(w);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("classify");
    TCase *tests = tcase_create("classify");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, what_nothing_points_to_is_definite);
    tcase_add_test(tests, a_root_word_or_memory_makes_reachable_what_a_chain_leads_to);
    tcase_add_test(tests, an_interior_pointer_in_the_chain_makes_possible);
    tcase_add_test(tests, one_past_the_end_and_tags_are_interior);
    tcase_add_test(tests, where_another_block_begins_one_past_the_end_is_that_ones_start);
    tcase_add_test(tests, a_block_of_no_bytes_has_a_start_only);
    tcase_add_test(tests, a_lost_tree_hangs_on_its_root);
    tcase_add_test(tests, a_cycle_is_represented_by_its_first_block);
    tcase_add_test(tests, targets_are_named_once_each);
    tcase_add_test(tests, what_cannot_be_read_is_skipped_and_counted);
    tcase_add_test(tests, only_readable_mappings_are_asked_for);
    tcase_add_test(tests, a_block_that_reaches_into_the_next_ends_there);
    tcase_add_test(tests, blocks_out_of_order_are_refused);
    tcase_add_test(tests, no_blocks_at_all_are_fine);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
