// See address_spans.h. Called by block_index.c.
#include "analyzer/verdict/address_spans.h"

static uint64_t last_address(const struct classify_block *block) {
    return block->bytes > UINT64_MAX - block->address ? UINT64_MAX : block->address + block->bytes;
}

struct address_spans address_spans_of(const struct classify_block *blocks, size_t count) {
    if (count == 0)
        return (struct address_spans){{{UINT64_MAX, UINT64_MAX}, {UINT64_MAX, UINT64_MAX}}};
    uint64_t widest = 0, last = last_address(&blocks[0]);
    struct address_spans spans = {{{blocks[0].address, 0}, {blocks[0].address, 0}}};
    for (size_t i = 1; i < count; i++) {
        if (blocks[i].address > last && blocks[i].address - last > widest) {
            widest = blocks[i].address - last;
            spans.span[0].last = last;
            spans.span[1].first = blocks[i].address;
        }
        if (last_address(&blocks[i]) > last)
            last = last_address(&blocks[i]);
    }
    spans.span[1].last = last;
    if (widest == 0)
        spans.span[0].last = last;
    return spans;
}
