// links: analyzer/sites.c analyzer/resolved.c analyzer/site_id.c analyzer/site_name.c analyzer/arena.c analyzer/table.c analyzer/report/report.c
// Groups become sites: the same call and frames become one, whatever modules' order; ids are the same for the
// same functions and differ between sites.
#include "analyzer/site_id.h"
#include "analyzer/sites.h"

#include "preload/wire/record.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

// In place of the symbolizer: addresses below 1000 have no name, others are functions of a hundred bytes.
size_t symbols_resolve(struct symbols *symbols, const struct symbol_module *module, uint64_t address,
                       struct arena *arena, struct report_frame *out, size_t out_max) {
    (void)symbols;
    (void)out_max;
    uint64_t offset = address - (module ? module->load_bias : 0);
    out[0] = (struct report_frame){.module = module ? module->path : NULL, .offset = offset};
    if (offset >= 1000)
        out[0].function = arena_printf(arena, "function_%d", (int)(offset / 100));
    return 1;
}

enum { FRAMES = 64 };
static struct harvested_module modules[] = {{.path = (char[]){"/opt/one/prog"}, .load_bias = 0},
                                            {.path = (char[]){"/opt/one/prog"}, .load_bias = 1 << 20},
                                            {.path = (char[]){"/opt/two/prog"}, .load_bias = 0}};
static struct harvested_group groups[16];
static struct harvested_frame frames[FRAMES];
static struct harvest harvest = {.groups = groups, .frames = frames, .modules = modules, .module_count = 3};

static struct harvested_group *group(uint8_t call, int module, uint64_t outer, uint64_t inner) {
    struct harvested_group *fresh = &groups[harvest.group_count++];
    uint64_t bias = module < 0 ? 0 : modules[module].load_bias;
    *fresh = (struct harvested_group){
        .call = call, .count = 1, .bytes = 10, .first_frame = harvest.frame_count, .frame_count = 2};
    frames[harvest.frame_count++] = (struct harvested_frame){inner + bias, module};
    frames[harvest.frame_count++] = (struct harvested_frame){outer + bias, module};
    return fresh;
}

static struct report_process build(struct arena *arena) {
    struct report_process process = {0};
    sites_build(&process, &harvest, NULL, arena);
    site_ids_assign(&(struct report){.processes = &process, .process_count = 1});
    sites_sort(&process);
    harvest.group_count = harvest.frame_count = 0;
    return process;
}

START_TEST(the_same_frames_are_one_site) {
    struct arena *arena = arena_new();
    group(CALL_malloc, 0, 1000, 2000);
    group(CALL_malloc, 1, 1000, 2000); // loaded elsewhere
    group(CALL_calloc, 0, 1000, 2000);
    group(CALL_malloc, 2, 1000, 2000); // another file
    struct report_process process = build(arena);
    ck_assert_uint_eq(process.site_count, 3);
    ck_assert_uint_eq(process.sites[0].count, 2); // the largest comes first
    ck_assert_uint_eq(process.sites[0].bytes, 20);
    arena_free(arena);
}
END_TEST

START_TEST(merged_examples_are_the_lowest_of_all) {
    struct arena *arena = arena_new();
    for (int i = 0; i < 2; i++) {
        struct harvested_group *one = group(CALL_malloc, i, 1000, 2000);
        for (uint64_t k = 0; k < 4; k++) {
            one->examples[k].address = 100 * (2 * k + (uint64_t)!i);
            one->examples[k].bytes = one->examples[k].address + 1;
        }
        one->example_count = 4;
    }
    struct report_process process = build(arena);
    ck_assert_uint_eq(process.sites[0].example_count, HARVEST_EXAMPLES);
    for (uint64_t k = 0; k < HARVEST_EXAMPLES; k++) {
        ck_assert_uint_eq(process.sites[0].examples[k].address, 100 * k);
        ck_assert_uint_eq(process.sites[0].examples[k].bytes, 100 * k + 1);
    }
    arena_free(arena);
}
END_TEST

static void id_of(char *out, int module, uint64_t outer, uint64_t inner) {
    struct arena *arena = arena_new();
    group(CALL_malloc, module, outer, inner);
    strcpy(out, build(arena).sites[0].id);
    arena_free(arena);
}

START_TEST(ids_follow_functions_not_places) {
    char id[17], other[17];
    id_of(id, 0, 1000, 2000);
    ck_assert_uint_eq(strspn(id, "0123456789abcdef"), 16);
    id_of(other, 1, 1042, 2010); // loaded elsewhere, built anew
    ck_assert_str_eq(id, other);
    id_of(other, 2, 1000, 2000); // installed elsewhere
    ck_assert_str_eq(id, other);
    id_of(other, 0, 1100, 2000);
    ck_assert_str_ne(id, other);
    id_of(id, 0, 10, 20); // without names the offsets tell
    id_of(other, 0, 10, 21);
    ck_assert_str_ne(id, other);
}
END_TEST

START_TEST(ids_are_distinct_and_independent_of_the_order_of_groups) {
    char first[8][17];
    for (int turn = 0; turn < 2; turn++) {
        struct arena *arena = arena_new();
        for (uint64_t i = 0; i < 8; i++) { // lines of one function: one hash for all
            uint64_t line = turn ? 7 - i : i;
            group(CALL_malloc, 0, 1000, 2000 + line)->bytes = 100 - line;
        }
        struct report_process process = build(arena);
        ck_assert_uint_eq(process.site_count, 8);
        for (size_t i = 0; i < 8; i++) {
            if (turn)
                ck_assert_str_eq(process.sites[i].id, first[i]);
            else
                strcpy(first[i], process.sites[i].id);
            for (size_t k = 0; k < i; k++)
                ck_assert_str_ne(process.sites[i].id, process.sites[k].id);
        }
        arena_free(arena);
    }
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, the_same_frames_are_one_site);
    tcase_add_test(tests, merged_examples_are_the_lowest_of_all);
    tcase_add_test(tests, ids_follow_functions_not_places);
    tcase_add_test(tests, ids_are_distinct_and_independent_of_the_order_of_groups);
}
SEEP_TEST_MAIN("sites")
