// See meeting.h. Called by session.c.
#include "analyzer/meeting.h"
#include "preload/wire/board.h"
#include "preload/wire/hello.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

int meeting_hear(int connection, struct hello *out) {
    struct wire_hello hello;
    char program[sizeof out->program];
    struct iovec parts[2] = {{&hello, sizeof hello}, {program, sizeof program - 1}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t got = recvmsg(connection, &message, MSG_DONTWAIT);
    if (got < 0)
        return -errno;
    if (got == 0)
        return -EPIPE;
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
        return -errno;
    if (got < (ssize_t)sizeof hello || hello.magic != WIRE_HELLO_MAGIC || hello.version != WIRE_VERSION)
        return -EPROTO;
    bool other_user = peer.uid != geteuid() && peer.uid != 0;
    if (other_user && geteuid() != 0)
        return -EPERM;
    *out = (struct hello){.pid = peer.pid,
                          .other_user = other_user,
                          .foreign_ids = (uint32_t)peer.pid != hello.pid,
                          .address_space = hello.address_space,
                          .socket = (int)hello.socket};
    program[got - (ssize_t)sizeof hello] = '\0';
    if (program[0] == '/')
        strcpy(out->program, program);
    return 0;
}

int meeting_welcome(int connection, const struct board *board, const struct family *family,
                    const char *session_path) {
    struct wire_answer answer = {
        .magic = WIRE_HELLO_MAGIC, .version = WIRE_VERSION, .answer = ANSWER_WELCOME, .bytes = family->bytes};
    union {
        char bytes[CMSG_SPACE(2 * sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    struct iovec parts[2] = {{&answer, sizeof answer},
                             {(void *)session_path, session_path ? strlen(session_path) : 0}};
    struct msghdr message = {.msg_iov = parts,
                             .msg_iovlen = session_path ? 2 : 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(2 * sizeof(int));
    int fds[2] = {board_fd(board), family->fd};
    memcpy(CMSG_DATA(head), fds, sizeof fds);
    if (sendmsg(connection, &message, MSG_NOSIGNAL) >= 0)
        return 0;
    return errno == ECONNRESET ? -EPIPE : -errno;
}

int meeting_part(int connection) {
    struct wire_regret regret;
    ssize_t got;
    // A reset (it closed before it had read the answer) is told once, and before what it had sent.
    for (int tries = 0; tries < 2; tries++)
        if ((got = recv(connection, &regret, sizeof regret, MSG_DONTWAIT)) >= 0 || errno != ECONNRESET)
            break;
    if (got < 0)
        return errno == EAGAIN ? -EAGAIN : 0;
    return got == sizeof regret && regret.magic == WIRE_HELLO_MAGIC && regret.error > 0 ? regret.error : 0;
}

void meeting_decline(int connection, uint32_t decision) {
    struct wire_answer answer = {.magic = WIRE_HELLO_MAGIC, .version = WIRE_VERSION, .answer = decision};
    send(connection, &answer, sizeof answer, MSG_NOSIGNAL | MSG_DONTWAIT);
}
