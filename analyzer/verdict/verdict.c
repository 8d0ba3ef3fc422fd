// See verdict.h. Called by examine.c and harvest.c: brings blocks, mappings and roots together for
// classify.h.
#include "analyzer/verdict/verdict.h"
#include "analyzer/must.h"
#include "analyzer/verdict/block_order.h"
#include "analyzer/verdict/memory.h"

#include <stdlib.h>

struct verdicts {
    struct block_order order;
    struct classify *classify;
    uint64_t root_bytes;
    uint64_t hidden_requests;
};

static int classify_blocks(struct verdicts *verdict, const struct roots_question *asked) {
    pid_t pid = asked->stopped->pid;
    struct smaps own = {0};
    int bad = asked->smaps ? 0 : smaps_read(&own, pid);
    if (bad)
        return bad;
    struct roots_question question = *asked;
    if (!question.smaps)
        question.smaps = &own;
    question.blocks = verdict->order.blocks;
    question.block_count = verdict->order.count;
    struct roots roots;
    roots_find(&question, &roots);
    verdict->hidden_requests = roots.hidden_requests;
    for (size_t i = 0; i < roots.ranges.count; i++)
        verdict->root_bytes += roots.ranges.entries[i].end - roots.ranges.entries[i].begin;
    struct classify_input input = {.blocks = verdict->order.blocks,
                                   .block_count = verdict->order.count,
                                   .roots = roots.ranges.entries,
                                   .root_count = roots.ranges.count,
                                   .words = roots.words,
                                   .word_count = roots.word_count,
                                   .read = memory_read,
                                   .context = &pid,
                                   .heuristics = HEURISTICS_ALL};
    struct classify_mapping *mappings = memory_mappings(pid, question.smaps, &input.mapping_count);
    input.mappings = mappings;
    bad = classify_read(&input, &verdict->classify);
    free(mappings);
    roots_free(&roots);
    smaps_free(&own);
    return bad;
}

// Nothing can point to them. Their process may be a forked child that shares gigabytes with a server.
static int classify_none(struct verdicts *verdict) {
    return classify_read(&(struct classify_input){.read = memory_read}, &verdict->classify);
}

int verdict_read(const struct roots_question *asked, const struct live_set *live, struct verdicts **out) {
    struct verdicts *verdict = must(calloc(1, sizeof *verdict));
    verdict->order = block_order_of(live);
    int bad = verdict->order.count ? classify_blocks(verdict, asked) : classify_none(verdict);
    if (bad)
        verdict_free(verdict);
    else
        *out = verdict;
    return bad;
}

void verdict_decide(struct verdicts *verdict) {
    classify_decide(verdict->classify);
}

void verdict_free(struct verdicts *verdict) {
    if (!verdict)
        return;
    classify_free(verdict->classify);
    block_order_free(&verdict->order);
    free(verdict);
}

enum verdict verdict_of(const struct verdicts *verdict, size_t nth) {
    static const enum verdict names[CLASSES] = {[CLASS_DEFINITE] = VERDICT_DEFINITE,
                                                [CLASS_INDIRECT] = VERDICT_INDIRECT,
                                                [CLASS_POSSIBLE] = VERDICT_POSSIBLE,
                                                [CLASS_REACHABLE] = VERDICT_REACHABLE};
    return names[classify_class(verdict->classify, verdict->order.places[nth])];
}

struct classify_kept verdict_kept(const struct verdicts *verdict, size_t nth) {
    return classify_kept(verdict->classify, verdict->order.places[nth]);
}

size_t verdict_targets(const struct verdicts *verdict, size_t nth, struct classify_block *targets,
                       size_t room) {
    uint32_t found[room + 1];
    size_t all = classify_targets(verdict->classify, verdict->order.places[nth], found, room);
    for (size_t i = 0; i < all && i < room; i++)
        targets[i] = verdict->order.blocks[found[i]];
    return all;
}

struct verdict_reading verdict_reading(const struct verdicts *verdict) {
    struct classify_counts counts;
    classify_count(verdict->classify, &counts);
    return (struct verdict_reading){.root_bytes = verdict->root_bytes,
                                    .scanned_bytes = counts.scanned_bytes,
                                    .unreadable_bytes = counts.unreadable_bytes,
                                    .hidden_requests = verdict->hidden_requests,
                                    .reading_ns = counts.reading_ns};
}
