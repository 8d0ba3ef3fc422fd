// The events of descriptors and mappings of one process, back in the order in which they happened. Each
// carries a number of one sequence, from 1 on without gaps (docs/ordering.md), and they arrive ring by ring.
//
// A gap can stay for ever: a thread that was killed, or left by a jump out of a signal handler, between
// taking its number and publishing it. So what waits behind a gap is bounded, and at the end gaps are passed
// over. What comes after that all the same is handed on late, and counted.
#pragma once

#include "preload/wire/record.h"

#include <stddef.h>
#include <stdint.h>

enum { SEQUENCE_WAITING = 1 << 18 }; // records held back at most

typedef void sequence_sink(void *context, const struct wire_record *record);

struct sequence {
    sequence_sink *sink; // gets each record once, in order
    void *context;
    uint64_t next;               // the number that is to come: what is below has been handed on or given up
    struct wire_record *waiting; // a binary heap, lowest number first
    size_t count, room;
    uint64_t gaps; // numbers that never came, or came late
    uint64_t late; // of them, those that came
};

void sequence_begin(struct sequence *sequence, sequence_sink *sink, void *context);

// A record arrived. Its number may be anything: the sender is not trusted. Amortised constant time while
// numbers come nearly in order. Aborts when memory runs out.
void sequence_take(struct sequence *sequence, const struct wire_record *record);

// No more will come: hands on all that waits.
void sequence_settle(struct sequence *sequence);

void sequence_free(struct sequence *sequence);
