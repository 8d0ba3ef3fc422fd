// What the benchmarks of parts of the analyzer share.
#pragma once

#include <stdint.h>
#include <time.h>

static uint64_t random_state = 88172645463325252ull;

// The same numbers in each run.
static inline uint64_t random_next(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

// Processor time in seconds: the machine may be busy with other things.
static inline double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}
