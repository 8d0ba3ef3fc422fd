// Which words of memory could be addresses of blocks: those that lie in two spans of addresses. Most words
// are not even addresses; what passes is collected with the block that it was found in.
#pragma once

#include "analyzer/verdict/address_spans.h"

struct word_filter {
    uint64_t first[2], width[2]; // of each span: first to first + width
    bool wide, widest;           // the processor has the instructions for it
};

struct word_filter word_filter_make(const struct address_spans *spans);

// Runs may write up to WORDS_SPARE beyond what they have found.
enum { WORD_BATCH = 1024, WORDS_SPARE = 8, WORDS_PADDING = 32, RUN_MOST_WORDS = 64, RUN_NOTED = 256 };
struct word_batch {
    uint64_t words[WORD_BATCH + WORDS_SPARE];
    uint32_t sources[WORD_BATCH + WORDS_SPARE]; // where each was found
    size_t count;
};

// Adds those of the words that pass, in their order; there must be room for all.
void word_filter_run(const struct word_filter *filter, const uint64_t *words, size_t count, uint32_t source,
                     struct word_batch *batch);

// Many blocks at once, whose memory is at hand.
struct block_run {
    const struct classify_block *blocks;
    uint32_t next, until;        // which are to be gone through: next is moved on. Not the last of all
    const unsigned char *memory; // what lies at addresses from begin to end, and WORDS_PADDING bytes more
    uint64_t begin, end;
    uint64_t scanned_bytes; // is added to
    // Blocks whose first words may mean something to a heuristic, to be looked at.
    struct address_spans tables; // where tables of virtual functions may lie
    uint32_t noted[RUN_NOTED];
    size_t noted_count;
};

// Goes on until a block does not lie in that memory, is not aligned, has more than RUN_MOST_WORDS, or may not
// fit the batch any more.
void word_filter_blocks(const struct word_filter *filter, struct block_run *run, struct word_batch *batch);
