// See pointers.h. Called by classify_read.c for all that is scanned.
#include "analyzer/verdict/pointers.h"

#include "analyzer/verdict/arrays.h"

#include <stdlib.h>

// Shorter runs are not worth a call.
enum { SHORT_RUN = 8 };

void pointers_open(struct pointers *pointers, const struct block_index *index, uint32_t sources,
                   bool with_offsets) {
    struct address_spans spans;
    for (int i = 0; i < 2; i++)
        spans.span[i] =
            (struct address_span){index->span[i].first, index->span[i].first + index->span[i].width};
    *pointers = (struct pointers){.index = index,
                                  .filter = word_filter_make(&spans),
                                  .with_offsets = with_offsets,
                                  .latest = NO_BLOCK,
                                  .first = verdict_allocate((size_t)sources + 1, sizeof *pointers->first)};
}

void pointers_close(struct pointers *pointers) {
    for (size_t i = 0; i < pointers->chunk_count; i++)
        free(pointers->chunks[i]);
    free(pointers->chunks);
    free(pointers->first);
    *pointers = (struct pointers){0};
}

static void begin_sources(struct pointers *pointers, uint32_t upto) {
    while (pointers->sources <= upto)
        pointers->first[pointers->sources++] = pointers->count;
}

static void add_pointer(struct pointers *pointers, uint32_t source, uint64_t word, struct index_hit hit) {
    uint32_t kind = POINTER_START;
    uint64_t offset = 0;
    if (!hit.is_start) {
        const struct classify_block *block = &pointers->index->blocks[hit.block];
        offset = word - block->address;
        bool aligned = offset % 8 == 0 && offset < block->bytes && offset / 8 <= UINT32_MAX;
        kind = pointers->with_offsets && aligned ? POINTER_AT : POINTER_INTERIOR;
    }
    uint32_t coded = hit.block << POINTER_KIND_BITS | kind;
    // Tables of the same pointer over and over cost nothing.
    if (coded == pointers->latest && pointers->count > pointers->first[source])
        return;
    pointers->latest = kind == POINTER_AT ? NO_BLOCK : coded;
    *pointers_word(pointers, pointers->count++) = coded;
    if (kind == POINTER_AT)
        *pointers_word(pointers, pointers->count++) = (uint32_t)(offset / 8);
}

uint64_t pointers_memory(const struct pointers *pointers) {
    return pointers->sources * sizeof *pointers->first + pointers->count * sizeof **pointers->chunks;
}

// For all that a batch may add.
static void make_room(struct pointers *pointers) {
    if (pointers->count + 2 * INDEX_BATCH <= pointers->chunk_count * CHUNK_WORDS)
        return;
    pointers->chunks = verdict_grow(pointers->chunks, (pointers->chunk_count + 1) * sizeof *pointers->chunks);
    pointers->chunks[pointers->chunk_count++] = verdict_allocate(CHUNK_WORDS, sizeof **pointers->chunks);
}

static void flush(struct pointers *pointers) {
    struct index_hit hits[INDEX_BATCH];
    make_room(pointers);
    block_index_find(pointers->index, pointers->batch_words, pointers->batch_count, hits);
    for (size_t i = 0; i < pointers->batch_count; i++) {
        uint32_t source = pointers->batch_sources[i];
        if (hits[i].block == NO_BLOCK)
            continue;
        pointers->found++;
        begin_sources(pointers, source);
        if (hits[i].block != source) // what points to itself is not held by that
            add_pointer(pointers, source, pointers->batch_words[i], hits[i]);
    }
    pointers->batch_count = 0;
}

static void note(struct pointers *pointers, uint32_t source, size_t found) {
    for (size_t i = 0; i < found; i++)
        pointers->batch_sources[pointers->batch_count + i] = source;
    pointers->batch_count += found;
}

void pointers_add(struct pointers *pointers, uint32_t source, const uint64_t *words, size_t count) {
    while (count) {
        size_t room = INDEX_BATCH - pointers->batch_count;
        if (room < SHORT_RUN) {
            flush(pointers);
            room = INDEX_BATCH;
        }
        size_t run = count < room ? count : room, found = 0;
        uint64_t *passed = pointers->batch_words + pointers->batch_count;
        if (run < SHORT_RUN)
            for (size_t i = 0; i < run; i++) {
                passed[found] = words[i];
                found += word_filter_passes(&pointers->filter, words[i]);
            }
        else
            found = word_filter_run(&pointers->filter, words, run, passed);
        note(pointers, source, found);
        words += run;
        count -= run;
    }
}

void pointers_finish(struct pointers *pointers, uint32_t sources) {
    flush(pointers);
    begin_sources(pointers, sources);
    pointers->index = NULL;
}
