// One ring per recording thread (and per level of signal-handler nesting): single producer, single consumer,
// in shared memory.
//
// head and tail count slots since the ring's start and never wrap in practice (2^64); slot i lives at slots[i
// % capacity].
//   0 <= head - tail <= capacity;  slots [tail, head) are complete records.
//
// Ordering edges (label at both ends):
//   P1  producer store-release head    -> C1  consumer load-acquire head: the records below head are
//   complete, and
//                                             everything their thread did before them (stack nodes, earlier
//                                             rings' heads that it had seen) is visible.
//   C2  consumer store-release tail    -> P2  producer load-acquire tail: the consumer has read the slots
//   below tail, they
//                                             may be overwritten.
//   P3  producer store waiting; full fence; load tail  and  C3  consumer store tail; full fence; load
//   waiting:
//       at least one of the two sees the other, so a producer never sleeps on a ring that was emptied (it
//       also wakes by itself every WIRE_WAIT_NS and looks whether the analyzer lives).
//   P4  producer store moving odd before a realloc's release takes its epoch; store-release moving even after
//   its head
//                                          -> C4  consumer load-acquire moving before head: odd, or the
//                                             release is below head. Whoever was handed the address meanwhile
//                                             saw it odd, so who reads his records first sees it odd or
//                                             later.
//
// A producer that is killed leaves head at its last complete record. The consumer trusts nothing: head is
// copied once, and head - tail > capacity means a damaged ring, not a long one.
#pragma once

#include "preload/wire/atomic.h"
#include "preload/wire/record.h"

#include <stdint.h>

enum { WIRE_WAIT_NS = 10 * 1000 * 1000 };

struct wire_ring {
    // Producer's line.
    uint64_t head;      // P1; written by the producer only
    uint64_t tail_seen; // producer's private copy of tail, so that it rarely touches the consumer's line
    uint64_t next_ring; // producer's private: at this head it rings the board's doorbell
    uint64_t moving;    // P4; odd while a realloc's release has its epoch and is not published yet
    uint32_t capacity;  // slots, a power of two; written once before the extent is published
    uint32_t unused0[7];
    // Consumer's line.
    uint64_t tail;    // C2; written by the consumer only
    uint32_t waiting; // P3: producer sets 1 before it sleeps; consumer sets 0 and wakes; also the futex word
    uint32_t unused1[13];
};
_Static_assert(sizeof(struct wire_ring) == 128, "two cache lines");
_Static_assert(offsetof(struct wire_ring, tail) == 64, "producer and consumer do not share a line");
