// The step of the verdict for which the target stands still: reads each block and each root once, upward, and
// keeps which blocks they point to and what heuristics need. Decides nothing. See classify.h.
#include "analyzer/verdict/classify_state.h"
#include "analyzer/verdict/vtables.h"
#include "analyzer/verdict/window.h"

#include "analyzer/clock.h"
#include "analyzer/vector.h"

#include <errno.h>

// Blocks that lie no further apart are read as one: to read a page more costs about as much as another call.
enum { GAP_BYTES = 4096, LOOK_AT_BYTES = 32 };

struct reading {
    struct classify *classify;
    const struct classify_input *input;
    struct block_index index;
    struct window window;
    struct vtables tables;
    struct block_run run;
    uint32_t adjacent; // blocks below it lie close together from the one that is read on
    uint64_t until;    // the end of the last of those
};

// How far it is worth reading on from this block.
static uint64_t read_ahead(struct reading *r, uint32_t block) {
    if (block >= r->adjacent) {
        r->until = block_end(&r->index, block);
        for (r->adjacent = block + 1; r->adjacent < r->index.count; r->adjacent++) {
            uint64_t next = r->index.blocks[r->adjacent].address;
            if (next - r->until > GAP_BYTES)
                break;
            r->until = block_end(&r->index, r->adjacent);
        }
    }
    return r->until;
}

// What its first words say of a block. `count` of them are there, at least one.
static uint8_t look_at(struct reading *r, uint64_t bytes, const uint64_t *words, size_t count) {
    unsigned heuristics = r->input->heuristics;
    uint64_t rest = bytes - 8;
    uint8_t looks = 0;
    if (bytes > 8 && words[0] > 0 && words[0] <= rest &&
        ((heuristics & HEURISTIC_NEWARRAY && rest % words[0] == 0) ||
         (heuristics & HEURISTIC_LENGTH64 && rest == words[0])))
        looks |= LOOKS_ARRAY;
    if (heuristics & HEURISTIC_STDSTRING && count > 1 && bytes > 24 && words[1] == bytes - 25 &&
        words[0] <= words[1])
        looks |= LOOKS_STDSTRING;
    if (heuristics & HEURISTIC_MULTIPLE_INHERITANCE && bytes >= 8 && vtables_has(&r->tables, words[0]))
        looks |= LOOKS_VIRTUAL;
    return looks;
}

static void note_virtual_words(struct reading *r, uint64_t address, const uint64_t *words, size_t count) {
    struct classify *c = r->classify;
    for (size_t i = 0; i < count; i++)
        if (vtables_has(&r->tables, words[i]))
            *(VECTOR_PUSH(c->virtual_words, c->virtual_count, c->virtual_room)) = address + 8 * i;
}

static uint64_t upward(uint64_t address) {
    return (address + 7) & ~7ull;
}

static void read_block(struct reading *r, uint32_t block) {
    struct classify *c = r->classify;
    uint64_t begin = c->blocks[block].address, end = block_end(&r->index, block) & ~7ull, bytes, lost = 0;
    if (begin > UINT64_MAX - 7)
        return;
    for (uint64_t at = upward(begin); at < end; at = upward(at + bytes)) {
        uint64_t left = end - at, wanted = left < LOOK_AT_BYTES ? left : LOOK_AT_BYTES;
        const uint64_t *words = window_at(&r->window, at, wanted, end, read_ahead(r, block), &bytes, &lost);
        if (!words) {
            c->counts.unreadable_bytes += lost;
            continue;
        }
        if (bytes > left)
            bytes = left;
        if (at == begin)
            c->state[block] |= look_at(r, block_end(&r->index, block) - begin, words, bytes / 8);
        if (c->state[block] & LOOKS_VIRTUAL)
            note_virtual_words(r, at, words, bytes / 8);
        pointers_add(&c->pointers, block, words, bytes / 8);
        c->counts.scanned_bytes += bytes;
    }
}

// What the window holds besides of the blocks from this one on: most blocks, and in one go.
static uint32_t read_neighbours(struct reading *r, uint32_t block) {
    struct classify *c = r->classify;
    struct block_run *run = &r->run;
    run->next = block;
    run->memory = r->window.buffer;
    run->begin = r->window.begin;
    run->end = r->window.end;
    do {
        run->noted_count = 0;
        pointers_add_blocks(&c->pointers, run);
        for (size_t i = 0; i < run->noted_count; i++) {
            uint64_t begin = c->blocks[run->noted[i]].address,
                     bytes = block_end(&r->index, run->noted[i]) - begin;
            const void *words = run->memory + (begin - run->begin);
            uint8_t looks = look_at(r, bytes, words, bytes / 8);
            c->state[run->noted[i]] |= looks;
            if (looks & LOOKS_VIRTUAL)
                note_virtual_words(r, begin, words, bytes / 8);
        }
    } while (run->noted_count == RUN_NOTED);
    return run->next;
}

static void read_blocks(struct reading *r) {
    struct classify *c = r->classify;
    r->run = (struct block_run){
        .blocks = c->blocks, .until = c->count ? c->count - 1 : 0, .tables = r->tables.spans};
    for (uint32_t block = 0; block < c->count;) {
        read_block(r, block);
        block = read_neighbours(r, block + 1);
    }
    c->counts.scanned_bytes += r->run.scanned_bytes;
}

static void read_root(struct reading *r, struct classify_range range) {
    struct classify *c = r->classify;
    uint64_t end = range.end & ~7ull, bytes, lost = 0;
    if (range.begin > UINT64_MAX - 7)
        return;
    for (uint64_t at = upward(range.begin); at < end; at = upward(at + bytes)) {
        const uint64_t *words = window_at(&r->window, at, 8, end, end, &bytes, &lost);
        if (!words) {
            c->counts.unreadable_bytes += lost;
            continue;
        }
        if (bytes > end - at)
            bytes = end - at;
        pointers_add(&c->pointers, c->count, words, bytes / 8);
        c->counts.scanned_bytes += bytes;
    }
}

int classify_read(const struct classify_input *input, struct classify **out) {
    struct reading r = {.input = input};
    int error = block_index_make(&r.index, input->blocks, input->block_count);
    if (error)
        return error;
    struct classify *c = r.classify = verdict_allocate(1, sizeof *c);
    c->blocks = input->blocks;
    c->count = (uint32_t)input->block_count;
    c->state = verdict_allocate(c->count, 1);
    pointers_open(&c->pointers, &r.index, c->count + 1, input->heuristics != 0);
    window_open(&r.window, input);
    vtables_open(&r.tables, input);
    uint64_t began_ns = now_ns();
    read_blocks(&r);
    for (size_t i = 0; i < input->root_count; i++)
        read_root(&r, input->roots[i]);
    pointers_add(&c->pointers, c->count, input->words, input->word_count);
    c->counts.reading_ns = now_ns() - began_ns;
    pointers_finish(&c->pointers);
    c->bytes = r.index.bytes;
    c->counts.overlapping = r.index.overlapping;
    c->counts.pointers = c->pointers.found;
    c->counts.memory_bytes = block_index_memory(&r.index) + WINDOW_BYTES;
    window_close(&r.window);
    vtables_close(&r.tables);
    block_index_free(&r.index);
    *out = c;
    return 0;
}
