// The session's board: one page, made by the analyzer, mapped by every process of the session. It says
// whether the analyzer lives and is where producers ring when a ring fills. Nothing of a program is kept
// here.
//
// Life: `life` holds the analyzer's thread id. The word is on that thread's robust futex list, so the kernel
// sets FUTEX_OWNER_DIED in it whatever ends the analyzer, SIGKILL included. An analyzer that hangs or is
// stopped is noticed by `heartbeat_ns` instead, after BOARD_SILENCE_NS. A kernel without robust lists leaves
// the second way only.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { WIRE_VERSION = 6 };
#define WIRE_BOARD_MAGIC 0x64726f6250454553ull // "SEEPBord", little endian

#define BOARD_SILENCE_NS (10ull * 1000 * 1000 * 1000)
#define BOARD_OWNER_DIED 0x40000000u // FUTEX_OWNER_DIED, bit of life

struct wire_board {
    uint64_t magic;        // analyzer, once
    uint32_t version;      // analyzer, once: WIRE_VERSION
    uint32_t closed;       // analyzer: 1 from the moment it reports: recording stops
    uint64_t heartbeat_ns; // analyzer: CLOCK_MONOTONIC, renewed several times a second
    uint32_t life;         // analyzer: its thread id; the kernel: FUTEX_OWNER_DIED
    uint32_t reported; // analyzer: 1 once the report is out; a target that waits for it sleeps on this word
    uint32_t doorbell; // targets add one and wake the analyzer; its futex word
    uint32_t
        sleeping; // analyzer: 1 while it waits on doorbell, so that producers need no system call otherwise
    uint32_t standing; // targets: grows by one whenever a process begins to stand still at its end (LE1)
    uint32_t unused[5];
};
_Static_assert(sizeof(struct wire_board) == 64, "one cache line");
