// See stamp.h.
#include "analyzer/stamp.h"

struct stamp stamp_now(void) {
    struct stamp stamp;
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(stamp.rfc3339, sizeof stamp.rfc3339, "%Y-%m-%dT%H:%M:%SZ", &utc);
    clock_gettime(CLOCK_MONOTONIC, &stamp.monotonic);
    return stamp;
}

double stamp_seconds_since(const struct stamp *stamp) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - stamp->monotonic.tv_sec) +
           (double)(now.tv_nsec - stamp->monotonic.tv_nsec) / 1e9;
}
