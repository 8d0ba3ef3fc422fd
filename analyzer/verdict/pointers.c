// See pointers.h. Called by classify_read.c for all that is scanned.
#include "analyzer/verdict/pointers.h"

#include "analyzer/verdict/arrays.h"

#include <stdlib.h>

// What no pointer is coded as.
#define NOT_AGAIN UINT64_MAX

void pointers_open(struct pointers *pointers, const struct block_index *index, uint32_t sources,
                   bool with_offsets) {
    *pointers = (struct pointers){.index = index,
                                  .filter = word_filter_make(&index->spans),
                                  .with_offsets = with_offsets,
                                  .latest = NOT_AGAIN,
                                  .sources = sources,
                                  .first = verdict_allocate((size_t)sources + 1, sizeof *pointers->first)};
}

void pointers_close(struct pointers *pointers) {
    verdict_unmap(pointers->list, pointers->room * sizeof *pointers->list);
    free(pointers->first);
    *pointers = (struct pointers){0};
}

uint64_t pointers_memory(const struct pointers *pointers) {
    return pointers->sources * sizeof *pointers->first + pointers->count * sizeof *pointers->list;
}

// For all that a batch may add, and one more that is written and not kept.
static void make_room(struct pointers *pointers) {
    if (pointers->count + 2 * WORD_BATCH + 1 <= pointers->room)
        return;
    size_t bytes = pointers->room * sizeof *pointers->list;
    pointers->list = verdict_extend(pointers->list, bytes, bytes ? 2 * bytes : VERDICT_STEP);
    pointers->room = (bytes ? 2 * bytes : VERDICT_STEP) / sizeof *pointers->list;
}

// Adds what the words' hits say. A pointer to the source itself does not hold it, and tables of the same
// pointer over and over cost nothing.
static void add_hits(struct pointers *pointers, const uint32_t *hits) {
    const struct word_batch *batch = &pointers->batch;
    uint32_t *list = pointers->list;
    uint64_t count = pointers->count, latest = pointers->latest, found = 0;
    for (size_t i = 0; i < batch->count; i++) {
        uint32_t source = batch->sources[i], hit = hits[i];
        bool counts = hit != NO_HIT && hit >> PLACE_BITS != source, at = false;
        found += hit != NO_HIT;
        if (counts && (hit & POINTER_KINDS) == PLACE_INSIDE) {
            uint64_t offset = batch->words[i];
            at = pointers->with_offsets && offset % 8 == 0 && offset / 8 <= UINT32_MAX;
            if (at)
                list[count + 1] = (uint32_t)(offset / 8);
            else
                hit = (hit & ~(uint32_t)POINTER_KINDS) | POINTER_INTERIOR;
        }
        uint64_t coded = (uint64_t)source << 32 | hit;
        list[count] = hit; // without a branch: what is no pointer comes at random
        count += (counts & (coded != latest)) + at;
        latest = at ? NOT_AGAIN : counts ? coded : latest;
        pointers->first[source + 1] = count;
    }
    pointers->count = count;
    pointers->latest = latest;
    pointers->found += found;
}

static void flush(struct pointers *pointers) {
    uint32_t hits[WORD_BATCH];
    make_room(pointers);
    block_index_find(pointers->index, pointers->batch.words, pointers->batch.count, hits);
    add_hits(pointers, hits);
    pointers->batch.count = 0;
}

void pointers_add(struct pointers *pointers, uint32_t source, const uint64_t *words, size_t count) {
    while (count) {
        if (pointers->batch.count == WORD_BATCH)
            flush(pointers);
        size_t room = WORD_BATCH - pointers->batch.count, run = count < room ? count : room;
        word_filter_run(&pointers->filter, words, run, source, &pointers->batch);
        words += run;
        count -= run;
    }
}

void pointers_add_blocks(struct pointers *pointers, struct block_run *run) {
    uint32_t next;
    do {
        next = run->next;
        if (pointers->batch.count + RUN_MOST_WORDS > WORD_BATCH)
            flush(pointers);
        word_filter_blocks(&pointers->filter, run, &pointers->batch);
    } while (run->next > next && run->noted_count < RUN_NOTED);
}

void pointers_finish(struct pointers *pointers) {
    flush(pointers);
    uint64_t *first = pointers->first;
    for (uint32_t i = 0; i < pointers->sources; i++) // of those that have none it was not written
        first[i + 1] = first[i + 1] > first[i] ? first[i + 1] : first[i];
    pointers->index = NULL;
}
