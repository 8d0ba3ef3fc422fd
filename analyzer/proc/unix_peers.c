// See unix_peers.h. Called by net_tables.c.
#include "analyzer/proc/unix_peers.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool unix_peers_are_visible(pid_t pid) {
    char ours[64], theirs[64], path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
    ssize_t a = readlink("/proc/self/ns/net", ours, sizeof ours), b = readlink(path, theirs, sizeof theirs);
    return a > 0 && a == b && memcmp(ours, theirs, (size_t)a) == 0;
}

static int ask(int fd) {
    struct {
        struct nlmsghdr head;
        struct unix_diag_req request;
    } message = {.head = {.nlmsg_len = sizeof message,
                          .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                          .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
                 .request = {.sdiag_family = AF_UNIX, .udiag_states = -1u, .udiag_show = UDIAG_SHOW_PEER}};
    struct timeval limit = {.tv_sec = 2};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return send(fd, &message, sizeof message, 0) < 0 ? -errno : 0;
}

static void look(struct nlmsghdr *head, void (*found)(void *, uint64_t, uint64_t), void *context) {
    struct unix_diag_msg *message = NLMSG_DATA(head);
    if (head->nlmsg_len < NLMSG_LENGTH(sizeof *message))
        return;
    int left = (int)(head->nlmsg_len - NLMSG_LENGTH(sizeof *message));
    for (struct rtattr *at = (struct rtattr *)(message + 1); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
        uint32_t peer;
        if (at->rta_type != UNIX_DIAG_PEER || RTA_PAYLOAD(at) < sizeof peer)
            continue;
        memcpy(&peer, RTA_DATA(at), sizeof peer);
        if (peer)
            found(context, message->udiag_ino, peer);
    }
}

int unix_peers_each(void (*found)(void *context, uint64_t inode, uint64_t peer), void *context) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0)
        return -errno;
    int bad = ask(fd);
    for (bool done = bad; !done;) {
        char answer[1 << 16] __attribute__((aligned(8)));
        ssize_t got = recv(fd, answer, sizeof answer, 0);
        if (got <= 0) {
            bad = got < 0 ? -errno : -EPIPE;
            break;
        }
        size_t left = (size_t)got;
        for (struct nlmsghdr *head = (void *)answer; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
            if (head->nlmsg_type == SOCK_DIAG_BY_FAMILY)
                look(head, found, context);
            else
                done = true; // NLMSG_DONE or NLMSG_ERROR
        }
    }
    close(fd);
    return bad;
}
