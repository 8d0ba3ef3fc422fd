// Which words of a run of memory could be addresses of blocks: two spans of addresses, compared by their
// upper halves, four words at a time. Lets all through that point to a block, and few others: most words are
// not even addresses.
#pragma once

#include "analyzer/verdict/address_spans.h"

struct word_filter {
    uint32_t low[2];   // upper half of the first address of each span
    uint32_t width[2]; // upper half of its last one, less that
};

struct word_filter word_filter_make(const struct address_spans *spans);

static inline bool word_filter_passes(const struct word_filter *filter, uint64_t word) {
    uint32_t upper = (uint32_t)(word >> 32);
    return upper - filter->low[0] <= filter->width[0] || upper - filter->low[1] <= filter->width[1];
}

// The words that pass, in their order; passed has room for count + 4. Returns how many.
size_t word_filter_run(const struct word_filter *filter, const uint64_t *words, size_t count,
                       uint64_t *passed);
