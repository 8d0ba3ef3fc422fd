// See descriptor_type.h. Called by process_descriptors.c.
#include "analyzer/descriptor_type.h"
#include "preload/wire/record.h"

#include <stddef.h>
#include <string.h>

// What no path leads to: a call that takes one can't have opened it. Pipes have one, in /proc.
static const char *const without_path[] = {"socket",     "epoll",   "eventfd",    "signalfd",
                                           "timerfd",    "inotify", "fanotify",   "io_uring",
                                           "perf_event", "pidfd",   "userfaultfd"};

static bool has_no_path(const char *type) {
    for (size_t i = 0; i < sizeof without_path / sizeof *without_path; i++)
        if (strcmp(type, without_path[i]) == 0)
            return true;
    return false;
}

// Words that say for certain what it is.
static bool is_certain(const char *type) {
    static const char *const others[] = {"file", "directory", "device", "block device", "terminal", "pipe"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(type, others[i]) == 0)
            return true;
    return has_no_path(type);
}

// The only type that the call makes; NULL: several, or by a path.
static const char *type_of(uint8_t call) {
    switch (call) {
    case CALL_socket:
    case CALL_socketpair:
    case CALL_accept:
    case CALL_accept4:
        return "socket";
    case CALL_pipe:
    case CALL_pipe2:
    case CALL_popen:
        return "pipe";
    case CALL_epoll_create:
    case CALL_epoll_create1:
        return "epoll";
    case CALL_eventfd:
        return "eventfd";
    case CALL_signalfd:
        return "signalfd";
    case CALL_timerfd_create:
        return "timerfd";
    case CALL_inotify_init:
    case CALL_inotify_init1:
        return "inotify";
    default:
        return NULL;
    }
}

static bool takes_path(uint8_t call) {
    switch (call) {
    case CALL_open:
    case CALL_openat:
    case CALL_creat:
    case CALL_fopen:
    case CALL_opendir:
    case CALL_tmpfile:
    case CALL_mkstemp:
    case CALL_mkstemps:
    case CALL_mkostemp:
    case CALL_mkostemps:
    case CALL_shm_open:
    case CALL_posix_openpt:
    case CALL_getpt:
    case CALL_setmntent:
        return true;
    default:
        return false;
    }
}

bool descriptor_type_fits(uint8_t call, const char *type) {
    const char *only = type_of(call);
    if (!type || !is_certain(type))
        return true;
    return only ? strcmp(only, type) == 0 : !takes_path(call) || !has_no_path(type);
}
