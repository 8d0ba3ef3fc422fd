// How much a test does of what can be done any number of times. Sanitizers make each step cost many times as
// much, and a second compiler's run of the suite looks for what differs, not for what is rare:
// SEEP_TEST_QUICK in the environment says so.
#pragma once

#include <stdbool.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define EFFORT_SANITIZED 1
#elif defined(__has_feature)
#define EFFORT_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define EFFORT_SANITIZED 0
#endif

static inline bool effort_is_small(void) {
    return EFFORT_SANITIZED || getenv("SEEP_TEST_QUICK");
}
