// What classify_read.c leaves to classify_decide.c. Private to these and classify.c.
#pragma once

#include "analyzer/verdict/arrays.h"
#include "analyzer/verdict/pointers.h"

// One byte for each block.
enum block_state {
    STATE_POSSIBLE = 1, // a class was found ...
    STATE_INDIRECT = 2, // ... and none of them, and not reached either: definite
    STATE_CLASS = STATE_POSSIBLE | STATE_INDIRECT,
    // What heuristics need to know of its content.
    LOOKS_STDSTRING = 4,
    LOOKS_ARRAY = 8, // length64 or newarray: at offset 8 in both
    LOOKS_VIRTUAL = 16
};

struct lost_leader {
    uint32_t block;
    struct classify_kept kept;
};

struct classify {
    const struct classify_block *blocks;
    uint32_t count;
    uint64_t bytes; // of all, as asked for
    uint8_t *state;
    uint64_t *reached;        // a bit for each block: it is reachable. NULL before that is decided
    struct pointers pointers; // source `count` is the roots
    uint64_t *virtual_words;  // addresses of words in LOOKS_VIRTUAL blocks that are such tables' addresses;
                              // ascending
    size_t virtual_count, virtual_room;
    uint32_t *leader; // of an indirect block: one that took it in, plus 1; of others 0. NULL: nothing is lost
    struct lost_leader *leaders; // definite blocks that keep others, ascending
    size_t leader_count, leader_room;
    struct classify_counts counts;
};
