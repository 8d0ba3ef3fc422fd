// The analyzer's side of the meeting (preload/wire/hello.h): one message each way, and a regret if need be.
#pragma once

#include "analyzer/board.h"
#include "analyzer/family.h"

#include <limits.h>
#include <sys/types.h>

struct hello {
    pid_t pid;              // as we see it; from the kernel
    bool foreign_ids;       // the process sees itself under another id: another pid namespace
    bool other_user;        // neither ours nor root's: only root hears such a one
    uint64_t address_space; // its limit in bytes
    int socket;             // the descriptor that is the shim's own, not the program's
    char program[PATH_MAX]; // the path, by its own word, where /proc shows the loader instead; else empty
};

// Reads the hello that is waiting on a connection. 0; -EPROTO for anything else than a hello of our version;
// -EPERM: by a process of another user, and we are not root; -EPIPE: who connected is gone without a word;
// -errno.
int meeting_hear(int connection, struct hello *out);

// Answers with the board and a family's memory, and the session's path if that is wanted. 0 or -errno;
// -EPIPE: it does not listen any more, and has said why if it lives.
int meeting_welcome(int connection, const struct board *board, const struct family *family,
                    const char *session_path);

// Hears how a process took its answer, which has ended the meeting or is dead: 0, or the errno (positive) for
// which it runs unrecorded. -EAGAIN: it is still about to take it.
int meeting_part(int connection);

// Answers without: ANSWER_FAILED or ANSWER_IGNORED.
void meeting_decline(int connection, uint32_t answer);
