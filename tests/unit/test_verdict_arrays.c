// links: analyzer/verdict/arrays.c
//
// Arrays that grow keep what they hold, and begin with zeros where they are new.
#include "analyzer/verdict/arrays.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>

START_TEST(what_an_array_holds_stays_when_it_is_extended) {
    size_t bytes = VERDICT_STEP, filled = 0;
    uint32_t *array = verdict_extend(NULL, 0, bytes);
    for (int growth = 0; growth < 4; growth++) {
        for (; filled < bytes / sizeof *array; filled++) {
            if (array[filled])
                ck_abort_msg("%zu is new, and %u", filled, array[filled]);
            array[filled] = (uint32_t)filled + 1;
        }
        array = verdict_extend(array, bytes, 2 * bytes);
        bytes *= 2;
        ck_assert_uint_eq((uintptr_t)array % VERDICT_STEP, 0);
        for (size_t i = 0; i < filled; i++)
            if (array[i] != i + 1)
                ck_abort_msg("%zu is %u", i, array[i]);
    }
    verdict_unmap(array, bytes);
    verdict_unmap(NULL, 0);
}
END_TEST

START_TEST(an_array_is_zero_or_as_it_was) {
    unsigned char *array = verdict_allocate(3 * VERDICT_STEP, 1);
    for (size_t i = 0; i < 3 * VERDICT_STEP; i++)
        if (array[i])
            ck_abort_msg("%zu is not zero", i);
    array[0] = 1;
    array[3 * VERDICT_STEP - 1] = 2;
    array = verdict_grow(array, 5 * VERDICT_STEP);
    ck_assert_uint_eq(array[0], 1);
    ck_assert_uint_eq(array[3 * VERDICT_STEP - 1], 2);
    free(array);
    free(verdict_allocate(0, 8));
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, what_an_array_holds_stays_when_it_is_extended);
    tcase_add_test(tests, an_array_is_zero_or_as_it_was);
}
SEEP_TEST_MAIN("verdict_arrays")
