// The verdict on every block that one process holds: can it still get at it? Read while it stands still,
// decided when it has gone on.
#pragma once

#include "analyzer/live.h"
#include "analyzer/report/report.h"
#include "analyzer/verdict/classify.h"
#include "analyzer/verdict/roots.h"

#include <stddef.h>
#include <stdint.h>

struct verdicts;

// What a reading did.
struct verdict_reading {
    uint64_t root_bytes;       // of memory that may hold pointers from outside of the blocks
    uint64_t scanned_bytes;    // of that and of the blocks
    uint64_t unreadable_bytes; // were skipped
    uint64_t hidden_requests;  // see roots.h
    uint64_t reading_ns;       // that it took to read those, of the pause
};

// question: all but its blocks, which come from live (settled); without smaps these are read, too. 0, or
// -errno: they could not be. On success *out is freed with verdict_free.
int verdict_read(const struct roots_question *question, const struct live_set *live, struct verdicts **out);
// After this the process is not needed any more. Before everything below.
void verdict_decide(struct verdicts *verdict);
void verdict_free(struct verdicts *verdict); // NULL is fine

// Of the nth block that live_each visits in the set that was read, as long as that has not changed.
enum verdict verdict_of(const struct verdicts *verdict, size_t nth);
// What it alone keeps from being lost to nobody: only of definite ones.
struct classify_kept verdict_kept(const struct verdicts *verdict, size_t nth);
// The blocks that it points to, up to room of them. Returns how many there are.
size_t verdict_targets(const struct verdicts *verdict, size_t nth, struct classify_block *targets,
                       size_t room);

struct verdict_reading verdict_reading(const struct verdicts *verdict);
