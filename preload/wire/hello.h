// The meeting: a process of the session connects to the socket named in SEEP_SESSION (SOCK_SEQPACKET), sends
// a hello, behind which stands the path of its program where the loader was started as a program (ld.so
// PROGRAM; /proc then shows the loader), and receives the answer with two descriptors (SCM_RIGHTS): the board
// and its memory. A process that can't take its place in the memory then sends a regret. Both sides close
// everything. So a process that neither took its place nor sent a regret was killed before its program began.
// Over the socket pair to an analyzer that the shim started itself, the session's path follows the answer as
// text.
#pragma once

#include <stdint.h>

#define WIRE_HELLO_MAGIC 0x6c6c654850454553ull

struct wire_hello {
    uint64_t magic;
    uint32_t version;       // WIRE_VERSION of the shim
    uint32_t pid;           // as the process sees itself; the analyzer takes its own view from SO_PEERCRED
    uint64_t address_space; // RLIMIT_AS in bytes, UINT64_MAX for none: the analyzer sizes the memory to it
    uint32_t socket;        // the descriptor it speaks over: its own, which the program does not have
    uint32_t unused;
};

enum {
    ANSWER_WELCOME = 0,
    ANSWER_FAILED = 1,  // the analyzer could not make the memory, or is of another version
    ANSWER_IGNORED = 2, // by the user's wish (--children ignore): stand aside without a word
};

struct wire_answer {
    uint64_t magic;
    uint32_t version; // WIRE_VERSION of the analyzer
    uint32_t answer;  // ANSWER_
    uint64_t bytes;   // of the memory to map
};

struct wire_regret {
    uint64_t magic;
    int32_t error; // errno, positive: why the process runs unrecorded
    uint32_t unused;
};
