// links: analyzer/table.c
// Against an array: each key keeps its value however many others come, whatever bits the keys differ in.
#include "analyzer/table.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdlib.h>

enum { KEYS = 5000 };

static uint64_t key(int pattern, uint64_t i) {
    switch (pattern) {
    case 0:
        return i;
    case 1:
        return i << 48;
    case 2:
        return ~i;
    default:
        return i * 0x9e3779b97f4a7c15ull;
    }
}

START_TEST(keys_keep_their_values) {
    struct table table = {0};
    for (uint64_t i = 0; i < KEYS; i++) {
        int added = 0;
        uint32_t *value = table_at(&table, key(_i, i), (uint32_t)i, &added);
        ck_assert(added);
        ck_assert_uint_eq(*value, i);
        *value += KEYS;
    }
    ck_assert_uint_eq(table.count, KEYS);
    for (uint64_t i = 0; i < KEYS; i++) {
        int added = 1;
        ck_assert_uint_eq(*table_at(&table, key(_i, i), 7, &added), i + KEYS);
        ck_assert(!added);
    }
    ck_assert_uint_eq(table.count, KEYS);
    table_free(&table);
    ck_assert_ptr_null(table.cells);
}
END_TEST

START_TEST(added_is_optional_and_a_freed_table_is_an_empty_one) {
    struct table table = {0};
    ck_assert_uint_eq(*table_at(&table, 0, 1, NULL), 1);
    table_free(&table);
    ck_assert_uint_eq(*table_at(&table, 0, 2, NULL), 2);
    table_free(&table);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, keys_keep_their_values, 0, 4);
    tcase_add_test(tests, added_is_optional_and_a_freed_table_is_an_empty_one);
}
SEEP_TEST_MAIN("table")
