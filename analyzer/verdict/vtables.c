// See vtables.h. Called by classify.c for blocks that may begin with such a word.
#include "analyzer/verdict/vtables.h"
#include "analyzer/must.h"

#include "analyzer/verdict/mappings.h"

#include <stdlib.h>

enum { ANSWERS = 4096, MOST_ENTRIES = 21, ENOUGH_FUNCTIONS = 2 };

void vtables_open(struct vtables *tables, const struct classify_input *input) {
    *tables = (struct vtables){.input = input};
    if (!(input->heuristics & HEURISTIC_MULTIPLE_INHERITANCE))
        return;
    struct classify_block *files = must(calloc(input->mapping_count + 1, sizeof *files));
    size_t count = 0;
    for (size_t i = 0; i < input->mapping_count; i++) {
        const struct classify_mapping *mapping = &input->mappings[i];
        unsigned wanted = MAPPING_READABLE | MAPPING_FILE;
        if ((mapping->flags & wanted) == wanted)
            files[count++] = (struct classify_block){mapping->begin, mapping->end - mapping->begin};
    }
    tables->spans = address_spans_of(files, count);
    free(files);
    tables->answers = must(calloc(ANSWERS, sizeof *tables->answers));
}

void vtables_close(struct vtables *tables) {
    free(tables->answers);
    *tables = (struct vtables){0};
}

static bool looks_like_one(const struct classify_input *input, uint64_t word) {
    const struct classify_mapping *mapping = mapping_with(input, word, MAPPING_READABLE | MAPPING_FILE);
    uint64_t entries[MOST_ENTRIES], room = mapping ? mapping->end - word : 0;
    if (!mapping)
        return false;
    ssize_t got = input->read(input->context, word, entries, room < sizeof entries ? room : sizeof entries);
    size_t count = got > 0 ? (size_t)got / sizeof *entries : 0, functions = 0;
    for (size_t i = 0; i < count && i < MOST_ENTRIES; i++) {
        if (entries[i] == 0)
            continue;
        if (!mapping_with(input, entries[i], MAPPING_EXECUTABLE | MAPPING_FILE))
            return false;
        if (++functions == ENOUGH_FUNCTIONS)
            return true;
    }
    return false;
}

bool vtables_ask(struct vtables *tables, uint64_t word) {
    struct vtable_answer *answer = &tables->answers[(word * 0x9e3779b97f4a7c15ull) >> 52];
    if (answer->word != word)
        *answer = (struct vtable_answer){word, looks_like_one(tables->input, word)};
    return answer->is_table;
}
