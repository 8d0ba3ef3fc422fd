// Which sites of a report the baseline knows; see baseline.h. Process by process, since limits are a
// process's.
#include "analyzer/gate/baseline.h"

#include <stdlib.h>
#include <string.h>

// The verdicts of heap blocks, most severe first; the other kinds have one verdict each.
static unsigned severity(enum verdict verdict) {
    static const unsigned order[VERDICTS] = {
        [VERDICT_DEFINITE] = 0,     [VERDICT_INDIRECT] = 1, [VERDICT_POSSIBLE] = 2, [VERDICT_REACHABLE] = 3,
        [VERDICT_UNCLASSIFIED] = 4, [VERDICT_OPEN] = 5,     [VERDICT_MAPPED] = 6,
    };
    return order[verdict];
}

static int compare_sites(const void *left, const void *right) {
    const struct report_site *a = *(struct report_site *const *)left,
                             *b = *(struct report_site *const *)right;
    int order = strcmp(a->id, b->id);
    if (order == 0)
        order = (severity(a->verdict) > severity(b->verdict)) - (severity(a->verdict) < severity(b->verdict));
    return order;
}

static uint64_t add(uint64_t a, uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

// Does a line of verdict `known` cover a site of verdict `verdict`?
static bool covers(enum verdict known, enum verdict verdict) {
    if (known == VERDICT_UNCLASSIFIED)
        return verdict < VERDICT_OPEN;
    if (known >= VERDICT_OPEN || verdict >= VERDICT_OPEN)
        return known == verdict;
    return severity(known) <= severity(verdict);
}

// The lines of one id, as the sites of one process use them up.
struct pool {
    struct baseline_line *lines;
    size_t count;
    uint64_t left[VERDICTS]; // of each line's limit
};

static struct pool pool_of(struct baseline *baseline, const char *id) {
    size_t first = baseline_find(baseline, id);
    if (first == baseline->count)
        return (struct pool){0};
    struct pool pool = {.lines = &baseline->lines[first]};
    while (first + pool.count < baseline->count && strcmp(pool.lines[pool.count].id, id) == 0) {
        struct baseline_line *line = &pool.lines[pool.count];
        pool.left[pool.count++] = limit_most(&line->limit.count);
        line->occurred = true;
    }
    return pool;
}

static void mark(struct pool *pool, struct report_site *site) {
    uint64_t allowed = 0, rest = site->count;
    bool covered = false, bytes_exceeded = false;
    for (size_t i = 0; i < pool->count; i++) {
        const struct baseline_line *line = &pool->lines[i];
        if (!covers(line->verdict, site->verdict))
            continue;
        covered = true;
        bytes_exceeded |= line->verdict == site->verdict && site->bytes > limit_most(&line->limit.bytes);
        uint64_t taken = pool->left[i] < rest ? pool->left[i] : rest;
        allowed = add(allowed, pool->left[i]);
        rest -= taken;
        if (pool->left[i] != UINT64_MAX)
            pool->left[i] -= taken;
    }
    site->baseline = !covered ? "new" : rest > 0 || bytes_exceeded ? "grown" : "known";
    site->baseline_limit = allowed;
}

void baseline_mark(struct baseline *baseline, struct report *report) {
    struct arena *arena = arena_new();
    for (size_t p = 0; p < report->process_count; p++) {
        struct report_process *process = &report->processes[p];
        struct report_site **sites = arena_array(arena, struct report_site *, process->site_count);
        size_t count = 0;
        for (size_t i = 0; i < process->site_count; i++) {
            process->sites[i].baseline = NULL;
            process->sites[i].baseline_limit = 0;
            if (!process->sites[i].suppressed_by)
                sites[count++] = &process->sites[i];
        }
        if (count)
            qsort(sites, count, sizeof *sites, compare_sites);
        struct pool pool = {0};
        for (size_t i = 0; i < count; i++) {
            if (i == 0 || strcmp(sites[i]->id, sites[i - 1]->id) != 0)
                pool = pool_of(baseline, sites[i]->id);
            mark(&pool, sites[i]);
        }
    }
    arena_free(arena);
}
