// What classify_read.c leaves to classify_decide.c. Private to these and classify.c.
#pragma once

#include "analyzer/verdict/arrays.h"
#include "analyzer/verdict/pointers.h"

// One byte for each block.
enum block_state {
    STATE_REACHABLE = 1, // a class was found ...
    STATE_POSSIBLE = 2,
    STATE_INDIRECT = 4, // ... and none of them: definite
    STATE_HELD = 8,     // something reachable holds its inside
    STATE_CLASS = STATE_REACHABLE | STATE_POSSIBLE | STATE_INDIRECT,
    // What heuristics need to know of its content.
    LOOKS_STDSTRING = 16,
    LOOKS_ARRAY = 32, // length64 or newarray: at offset 8 in both
    LOOKS_VIRTUAL = 64
};

struct lost_leader {
    uint32_t block;
    struct classify_kept kept;
};

struct classify {
    const struct classify_block *blocks;
    uint32_t count;
    uint8_t *state;
    struct pointers pointers; // source `count` is the roots
    uint64_t *virtual_words;  // addresses of words in LOOKS_VIRTUAL blocks that are such tables' addresses;
                              // ascending
    size_t virtual_count, virtual_room;
    uint32_t *leader; // of an indirect block: one that took it in; of others their own number. NULL: nothing
                      // is lost
    struct lost_leader *leaders; // definite blocks that keep others, ascending
    size_t leader_count, leader_room;
    struct classify_counts counts;
};
