// System calls that say EINTR when their thread was only stopped and let go again, although no handler ran
// (signal(7)): epoll_wait and its like, sigtimedwait, semop, io_getevents, io_uring_enter, and what waits for
// a socket with a timeout.
#pragma once

#include <stdbool.h>

// What such a call leaves in its place so that the kernel makes it again, unless a handler runs: then the
// program gets its EINTR (linux/errno.h).
enum { RESTART_UNLESS_HANDLED = 514 };

// Did call `number` with this result do nothing but wait, so that it can be made again? A timeout begins
// anew.
bool cut_short(long number, long result);
