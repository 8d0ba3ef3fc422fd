// What /proc/PID/fdinfo/N says of one descriptor.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { FDINFO_TARGETS = 8 };

// Members that the text lacks are 0, position and flags -1.
struct fdinfo {
    int64_t position;            // pos
    int64_t flags;               // of open, octal in the text
    uint64_t watches;            // lines of inotify or fanotify
    uint64_t target_count;       // descriptors that an epoll waits for
    int targets[FDINFO_TARGETS]; // the first of them
    uint64_t eventfd_count;
    int64_t pid;                               // of a pidfd
    uint64_t timer_next_ns, timer_interval_ns; // of a timerfd; 0: not set
};

// Takes the file's text, NUL-terminated. What it doesn't know it passes over.
void fdinfo_parse(const char *text, struct fdinfo *out);
