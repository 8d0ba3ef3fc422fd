// Which words are addresses of tables of virtual functions: of a file's mapping, and what is there are
// pointers to code of a file, or NULL; two pointers at least. Owned by classify.c; reads the target.
#pragma once

#include "analyzer/verdict/address_spans.h"

struct vtables {
    const struct classify_input *input;
    struct address_spans spans; // of readable mappings of files: programs lie apart from libraries
    struct vtable_answer {      // remembered, by hash of the word
        uint64_t word;          // 0: nothing yet
        bool is_table;
    } * answers;
};

void vtables_open(struct vtables *tables, const struct classify_input *input);
void vtables_close(struct vtables *tables);

bool vtables_ask(struct vtables *tables, uint64_t word);
static inline bool vtables_has(struct vtables *tables, uint64_t word) {
    return address_spans_hold(&tables->spans, word) && word % 8 == 0 && vtables_ask(tables, word);
}
