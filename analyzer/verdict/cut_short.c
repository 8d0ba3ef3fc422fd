// See cut_short.h. Called by stop.c. Listed are calls that have done nothing when they say EINTR; others may
// have (close).
#include "analyzer/verdict/cut_short.h"

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>

static const long calls[] = {
    SYS_epoll_wait,     SYS_epoll_pwait, SYS_rt_sigtimedwait, SYS_semop,    SYS_semtimedop,
    SYS_io_getevents,   SYS_read,        SYS_readv,           SYS_write,    SYS_writev,
    SYS_recvfrom,       SYS_recvmsg,     SYS_recvmmsg,        SYS_sendto,   SYS_sendmsg,
    SYS_accept,         SYS_accept4,     SYS_connect,         SYS_sendmmsg,
#ifdef SYS_io_uring_enter
    SYS_io_uring_enter,
#endif
#ifdef SYS_epoll_pwait2
    SYS_epoll_pwait2,
#endif
};

bool cut_short(long number, long result) {
    for (size_t i = 0; result == -EINTR && i < sizeof calls / sizeof *calls; i++)
        if (calls[i] == number)
            return true;
    return false;
}
