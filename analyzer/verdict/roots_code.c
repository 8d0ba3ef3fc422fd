// Pointers in code that was made at run time: instructions hold them wherever these happen to lie. So memory
// that can be executed and belongs to no file is looked through at every byte, for words that lie in a block.
// Aligned ones are left out: that memory is a root, too. Called by roots.c.
#include "analyzer/must.h"
#include "analyzer/verdict/memory.h"
#include "analyzer/verdict/roots_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { WORD = sizeof(uint64_t), PIECE = 256 * 1024 };

static bool is_made_code(const struct smaps_area *area) {
    return (area->protection & PROT_EXEC) && (area->protection & PROT_READ) && area->inode == 0 &&
           (area->anonymous_bytes || area->swap_bytes);
}

static void look_through(struct roots_search *search, uint64_t address, const unsigned char *bytes,
                         size_t count) {
    const struct classify_block *first = search->question->blocks,
                                *last = &first[search->question->block_count - 1];
    uint64_t low = first->address, width = last->address + last->bytes - low;
    for (size_t i = 0; i + WORD <= count; i++) {
        uint64_t word;
        memcpy(&word, bytes + i, WORD);
        if (word - low <= width && (address + i) % WORD != 0 && roots_block_at(search->question, word))
            roots_add_word(search->out, word);
    }
}

// Pieces overlap, so that a word which lies in two of them is seen in one.
static void look_at(struct roots_search *search, uint64_t begin, uint64_t end, unsigned char *piece) {
    while (end - begin >= WORD) {
        ssize_t there = memory_read(&search->pid, begin, piece, end - begin < PIECE ? end - begin : PIECE);
        if (there < WORD)
            return;
        look_through(search, begin, piece, (size_t)there);
        begin += (size_t)there - (WORD - 1);
    }
}

void roots_add_code(struct roots_search *search) {
    const struct smaps *smaps = search->question->smaps;
    size_t made = 0, count;
    for (size_t i = 0; i < smaps->count; i++)
        made += is_made_code(&smaps->areas[i]);
    if (!made || !search->question->block_count)
        return;
    // Of what was reserved for code, the parts that were never touched need not be read.
    struct classify_mapping *mappings = memory_mappings(search->pid, smaps, &count);
    unsigned char *piece = must(malloc(PIECE));
    const unsigned wanted = MAPPING_READABLE | MAPPING_EXECUTABLE, others = MAPPING_FILE | MAPPING_EMPTY;
    for (size_t i = 0; i < count; i++)
        if ((mappings[i].flags & (wanted | others)) == wanted)
            look_at(search, mappings[i].begin, mappings[i].end, piece);
    free(piece);
    free(mappings);
}
