// What the hooks of descriptors share: their one shape. An acquire is recorded after the real call succeeded,
// a close before the real call; a close that found nothing open is taken back. errno is after a hook what the
// real call left: recording changes none.
#pragma once

#include "preload/hooks.h"
#include "preload/hooks_early.h"
#include "preload/phase.h"
#include "preload/real.h"
#include "preload/record_numbered.h"

#include <errno.h>

// The result of a call that opens a descriptor. caller: CALLER() of the hook.
static inline int opened(uint8_t call, int fd, const struct frame_state *caller) {
    if (likely(fd >= 0))
        record_opened(call, fd, 0, caller);
    return fd;
}

// The result of a call that opens two.
static inline int opened_pair(uint8_t call, int result, const int *fds, const struct frame_state *caller) {
    if (likely(result == 0)) {
        record_opened(call, fds[0], 0, caller);
        record_opened(call, fds[1], 0, caller);
    }
    return result;
}

// Before a call that closes fd; closed() with what it returned after it. A number that can't be a
// descriptor's is passed by many programs on purpose.
static inline uint64_t closing(uint8_t call, int fd, const struct frame_state *caller) {
    return fd >= 0 ? record_closed(call, fd, 1, caller) : 0;
}

static inline int closed(uint8_t call, int fd, uint64_t number, int result) {
    if (unlikely(result < 0) && errno == EBADF)
        record_taken_back(call, number, (uint32_t)fd, RECORD_ERRNO_BADF);
    return result;
}

// Both ends of a range are in it.
static inline uint64_t closing_range(uint8_t call, unsigned first, unsigned last,
                                     const struct frame_state *caller) {
    unsigned count = last - first + 1;
    return first <= last && first <= INT32_MAX
               ? record_closed(call, (int)first, count ? count : UINT32_MAX, caller)
               : 0;
}

// A function that this libc does not have. For the return statement of a hook.
static inline int not_there(void) {
    errno = ENOSYS;
    return -1;
}
