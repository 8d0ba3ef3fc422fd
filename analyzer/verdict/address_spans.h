// The two spans of addresses that all blocks lie in, or all mappings of files: what is left when the widest
// gap between them is taken out. That gap is usually the one between the program's break and its mappings,
// and most of the address space.
#pragma once

#include "analyzer/verdict/classify.h"

// Both ends are in it. One past a block's last byte belongs to it too.
struct address_span {
    uint64_t first, last;
};
struct address_spans {
    struct address_span span[2]; // apart, ascending; the second is like the first if there is no gap
};

// blocks ascend. Of none the spans hold the last address alone.
struct address_spans address_spans_of(const struct classify_block *blocks, size_t count);

static inline bool address_spans_hold(const struct address_spans *spans, uint64_t address) {
    return (address - spans->span[0].first <= spans->span[0].last - spans->span[0].first) |
           (address - spans->span[1].first <= spans->span[1].last - spans->span[1].first);
}
