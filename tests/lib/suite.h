// The frame of a test program, of either kind, so that it holds only its tests:
//
//   static void add_tests(TCase *tests) { tcase_add_test(tests, ...); }
//   SEEP_TEST_MAIN("heap calls")
#pragma once

#include <check.h>
#include <stdlib.h>

// Generous: in end-to-end tests run.h ends what hangs earlier, with a message.
enum { SUITE_TIMEOUT_SECONDS = 180 };

#define SEEP_TEST_MAIN(name)                                                                                 \
    int main(void) {                                                                                         \
        Suite *suite = suite_create(name);                                                                   \
        TCase *tests = tcase_create(name);                                                                   \
        tcase_set_timeout(tests, SUITE_TIMEOUT_SECONDS);                                                     \
        add_tests(tests);                                                                                    \
        suite_add_tcase(suite, tests);                                                                       \
        SRunner *runner = srunner_create(suite);                                                             \
        srunner_run_all(runner, CK_NORMAL);                                                                  \
        int failed = srunner_ntests_failed(runner);                                                          \
        srunner_free(runner);                                                                                \
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;                                                         \
    }
