// links: analyzer/verdict/classify.c analyzer/verdict/classify_read.c analyzer/verdict/classify_decide.c
// links: analyzer/verdict/block_index.c analyzer/verdict/block_find.c analyzer/verdict/instructions.c analyzer/verdict/address_spans.c analyzer/verdict/arrays.c analyzer/verdict/word_filter.c analyzer/verdict/pointers.c
// links: analyzer/verdict/vtables.c analyzer/verdict/window.c analyzer/verdict/mappings.c
//
// Each class in a made-up address space, each way to point to a block, and what is kept alive.
#include "tests/lib/suite.h"
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
    hold(w, UINT64_MAX); // as any -1 among the roots
    hold(w, 0);
    ck_assert_str_eq(classes(w), "");
    ck_assert_uint_eq(w->counts.scanned_bytes, WORLD_BYTES);
    classify_free(NULL);
    world_free(w);
}
END_TEST

// A file's mapping with a table of functions at 0x80000, code behind it, and three tables that are none.
static struct world *with_code(void) {
    struct world *w = world_new();
    mapping(w, 0, 0x80000, MAPPING_READABLE);
    mapping(w, 0x80000, 0x1000, MAPPING_READABLE | MAPPING_FILE);
    mapping(w, 0x81000, 0x1000, MAPPING_READABLE | MAPPING_EXECUTABLE | MAPPING_FILE);
    mapping(w, 0x82000, 0x1000, MAPPING_READABLE | MAPPING_EXECUTABLE);
    store(w, 0x80000, at(0x81010));
    store(w, 0x80010, at(0x81020)); // NULL between them
    store(w, 0x80100, at(0x81010)); // one function only
    store(w, 0x80200, at(0x81010));
    store(w, 0x80208, at(0x80000)); // not code
    store(w, 0x80300, at(0x82000));
    store(w, 0x80308, at(0x82000)); // code of no file
    return w;
}

START_TEST(two_pointers_to_virtual_functions_make_a_start) {
    struct world *w = with_code();
    static const uint64_t first[] = {0x80000, 0x80000, 0x80100, 0x80000, 0x80300, 0x80004, 0x81010},
                          inner[] = {0x80000, 0x80200, 0x80000, 0x80000, 0x80000, 0x80000, 0x80000};
    for (uint64_t i = 0; i < 7; i++) {
        block(w, 0x1000 + i * 0x100, 64);
        store(w, 0x1000 + i * 0x100, at(first[i]));
        store(w, 0x1010 + i * 0x100, at(inner[i]));
        hold(w, at(0x1010 + i * 0x100) + (i == 3 ? 8 : 0)); // where no such pointer is
    }
    ck_assert_str_eq(classes(w), "rpppppp");
    w->input.heuristics = HEURISTICS_ALL & ~HEURISTIC_MULTIPLE_INHERITANCE;
    ck_assert_str_eq(classes(w), "ppppppp");
    world_free(w);
}
END_TEST

START_TEST(virtual_words_are_found_in_blocks_that_are_read_in_pieces) {
    struct world *w = with_code();
    block(w, 0x1000, 0x70000);
    store(w, 0x1000, at(0x80000));
    store(w, 0x60ff8, at(0x80000));
    hold(w, at(0x60ff8));
    ck_assert_str_eq(classes(w), "r");
    world_free(w);
}
END_TEST

// (bytes, first word, second word, where it is pointed to) and which of the heuristics take that for a start.
static const struct {
    uint64_t bytes, first, second, offset;
    unsigned heuristics;
} looks[] = {
    {8 + 3 * 24, 3, 0, 8, HEURISTIC_NEWARRAY},
    {8 + 3 * 24, 5, 0, 8, 0},   // 5 don't make 72
    {8 + 3 * 24, 3, 0, 16, 0},  // not behind the count
    {8 + 3 * 24, 0, 0, 8, 0},   // no elements
    {8 + 3 * 24, 144, 0, 8, 0}, // more than there are bytes
    {8, 1, 0, 8, 0},            // nothing is left: one past the end
    {8 + 13, 13, 0, 8, HEURISTIC_LENGTH64 | HEURISTIC_NEWARRAY},
    {8 + 16, 16, 0, 8, HEURISTIC_LENGTH64 | HEURISTIC_NEWARRAY},
    {24 + 21, 5, 20, 24, HEURISTIC_STDSTRING},
    {24 + 21, 20, 20, 24, HEURISTIC_STDSTRING},
    {24 + 21, 21, 20, 24, 0}, // longer than its capacity
    {24 + 21, 5, 19, 24, 0},  // another size
    {24 + 21, 5, 20, 16, 0},
    {24 + 1, 0, 0, 24, HEURISTIC_STDSTRING},
};

START_TEST(heuristics_take_interior_pointers_for_starts) {
    for (unsigned heuristic = 0; heuristic <= HEURISTICS_ALL; heuristic = heuristic ? 2 * heuristic : 1) {
        struct world *w = world_new();
        block(w, 0x1000, looks[_i].bytes);
        store(w, 0x1000, looks[_i].first);
        store(w, 0x1008, looks[_i].second);
        hold(w, at(0x1000) + looks[_i].offset);
        w->input.heuristics = heuristic;
        ck_assert_msg(!strcmp(classes(w), looks[_i].heuristics & heuristic ? "r" : "p"), "%d with %u: %s", _i,
                      heuristic, classes(w));
        world_free(w);
    }
}
END_TEST

START_TEST(a_heuristic_holds_only_in_a_chain_of_starts) {
    struct world *w = world_new();
    block(w, 0x1000, 32);
    block(w, 0x1040, 24);
    hold(w, at(0x1004));
    store(w, 0x1000, at(0x1048)); // an array's elements
    store(w, 0x1040, 2);
    ck_assert_str_eq(classes(w), "pp");
    hold(w, at(0x1000));
    ck_assert_str_eq(classes(w), "rr");
    world_free(w);
}
END_TEST

static void add_tests(TCase *tests) {
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
    tcase_add_test(tests, two_pointers_to_virtual_functions_make_a_start);
    tcase_add_test(tests, virtual_words_are_found_in_blocks_that_are_read_in_pieces);
    tcase_add_loop_test(tests, heuristics_take_interior_pointers_for_starts, 0, sizeof looks / sizeof *looks);
    tcase_add_test(tests, a_heuristic_holds_only_in_a_chain_of_starts);
}
SEEP_TEST_MAIN("classify")
