// See address_spans.h. Called by block_index.c and vtables.c.
#include "analyzer/verdict/address_spans.h"

static uint64_t last_address(const struct classify_block *block) {
    return block->bytes > UINT64_MAX - block->address ? UINT64_MAX : block->address + block->bytes;
}

struct address_spans address_spans_of(const struct classify_block *blocks, size_t count) {
    if (count == 0)
        return (struct address_spans){{{UINT64_MAX, UINT64_MAX}, {UINT64_MAX, UINT64_MAX}}};
    uint64_t widest = 0;
    size_t cut = 0; // the block behind the widest gap
    for (size_t i = 1; i < count; i++) {
        uint64_t distance = blocks[i].address - blocks[i - 1].address, bytes = blocks[i - 1].bytes;
        uint64_t gap = distance > bytes ? distance - bytes : 0;
        if (gap > widest) {
            widest = gap;
            cut = i;
        }
    }
    struct address_span all = {blocks[0].address, last_address(&blocks[count - 1])};
    if (cut == 0)
        return (struct address_spans){{all, all}};
    return (struct address_spans){
        {{all.first, last_address(&blocks[cut - 1])}, {blocks[cut].address, all.last}}};
}
