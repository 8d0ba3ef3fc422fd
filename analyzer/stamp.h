// When a session began, for people and for durations.
#pragma once

#include <time.h>

struct stamp {
    char rfc3339[32]; // UTC
    struct timespec monotonic;
};

struct stamp stamp_now(void);
double stamp_seconds_since(const struct stamp *stamp);
