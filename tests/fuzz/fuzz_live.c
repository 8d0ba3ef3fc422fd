// links: analyzer/live.c analyzer/live_order.c analyzer/live_history.c analyzer/live_recent.c analyzer/live_table.c analyzer/live_pool.c
// Any stream of records: the live set must not crash, its counts must stay consistent, and what it visits
// must be what it counts. Each record takes four bytes of the input, few enough values that they meet: (what,
// address, epoch, bytes).
#include "analyzer/live.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BATCH = 64, END_OF_ROUND = 7 };

struct sum {
    uint64_t blocks, bytes;
};

static void add(void *context, const struct live_block *block) {
    struct sum *sum = context;
    sum->blocks++;
    sum->bytes += block->bytes;
}

static void check(const struct live_set *set) {
    struct live_counts c;
    struct sum sum = {0};
    live_count(set, &c);
    live_each(set, add, &sum);
    if (c.acquired - (c.released - c.waiting_releases) - c.superseded != c.live_blocks ||
        c.waiting_releases > c.released || c.superseded > c.acquired || c.peak_bytes < c.live_bytes ||
        sum.blocks != c.live_blocks || sum.bytes != c.live_bytes)
        abort();
}

// The low three bits say which record, or the end of a round; the others widen a value now and then.
static struct wire_record decode(const uint8_t *data) {
    uint64_t wide = data[0] & 8 ? 0xfedcba9800000000ull : 0;
    return (struct wire_record){.kind = data[0] & 1   ? RECORD_ACQUIRE
                                        : data[0] & 6 ? RECORD_RELEASE
                                                      : data[0],
                                .call = data[0] >> 4,
                                .address = (data[0] & 16 ? 4096ull : 1) * data[1] + wide,
                                .epoch = data[0] & 32 ? UINT64_MAX - data[2] : data[2],
                                .bytes = data[0] & 64 ? UINT64_MAX - data[3] : data[3],
                                .stack = data[3]};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct wire_record batch[BATCH];
    struct live_set *set = live_new(size && data[0] & 128 ? 20000 : 0); // large enough to be looked ahead in
    size_t count = 0, at;
    for (at = 0; at + 4 <= size; at += 4) {
        if ((data[at] & END_OF_ROUND) != END_OF_ROUND)
            batch[count++] = decode(data + at);
        if (count == BATCH || (data[at] & END_OF_ROUND) == END_OF_ROUND) {
            live_apply_many(set, batch, count);
            count = 0;
        }
        if ((data[at] & END_OF_ROUND) == END_OF_ROUND)
            live_end_round(set);
        if (at % 256 == 0)
            check(set);
    }
    live_apply_many(set, batch, count);
    check(set);
    live_settle(set);
    check(set);
    live_free(set);
    return 0;
}
