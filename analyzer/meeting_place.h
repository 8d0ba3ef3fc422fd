// Where the programs of a session come to meet: a socket in a directory that only this user may enter. Root's
// may be entered by all, since what root runs may change its user and then execute; who comes is asked
// (session.c).
#pragma once

struct meeting_place {
    int listen_fd;        // SOCK_SEQPACKET, accepts without waiting; -1: not open
    char directory[64];   // 0700, root's 0711; empty: there is none
    char socket_path[96]; // in it
};

// Makes the directory under $TMPDIR or /tmp. 0, or -errno, and then it is to be closed as well.
int meeting_place_open(struct meeting_place *place);
void meeting_place_close(struct meeting_place *place);
