// See passed.h. Called by hooks_socket.c and hooks_syscall.c.
#include "preload/passed.h"

#include <string.h>
#include <sys/socket.h>

#ifndef SCM_PIDFD
#define SCM_PIDFD 4 // of Linux 6.5: one descriptor
#endif

void passed_record(uint8_t call, const void *message, const struct frame_state *caller) {
    struct msghdr copy = *(const struct msghdr *)message;
    if (!copy.msg_control || copy.msg_controllen < sizeof(struct cmsghdr))
        return;
    for (struct cmsghdr *head = CMSG_FIRSTHDR(&copy); head; head = CMSG_NXTHDR(&copy, head)) {
        if (head->cmsg_level != SOL_SOCKET || (head->cmsg_type != SCM_RIGHTS && head->cmsg_type != SCM_PIDFD))
            continue;
        for (size_t at = CMSG_LEN(0); at + sizeof(int) <= head->cmsg_len; at += sizeof(int)) {
            int fd;
            memcpy(&fd, (const char *)head + at, sizeof fd);
            if (fd >= 0)
                record_opened(call, fd, 0, caller);
        }
    }
}

void passed_record_many(uint8_t call, const void *messages, unsigned count,
                        const struct frame_state *caller) {
    const struct mmsghdr *all = messages;
    for (unsigned i = 0; i < count; i++)
        passed_record(call, &all[i].msg_hdr, caller);
}
