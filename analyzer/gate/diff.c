// See diff.h. Called by the diff command.
#include "analyzer/gate/diff.h"

#include "analyzer/report/units.h"
#include "analyzer/table.h"

#include <stdlib.h>
#include <string.h>

struct joining {
    struct difference *sites;
    size_t count;
    struct table by_id;
};

static size_t count_sites(const struct report *report) {
    size_t count = 0;
    for (size_t i = 0; i < report->process_count; i++)
        count += report->processes[i].site_count;
    return count;
}

static void add_site(struct joining *joined, const struct report_site *site, bool is_new) {
    int added;
    uint64_t key = strtoull(site->id, NULL, 16);
    uint32_t index = *table_at(&joined->by_id, key, (uint32_t)joined->count, &added);
    struct difference *one = &joined->sites[index];
    joined->count += added != 0;
    if (!one->site || is_new)
        one->site = site;
    uint64_t *count = is_new ? &one->new_count : &one->old_count,
             *bytes = is_new ? &one->new_bytes : &one->old_bytes;
    *count = add_saturating(*count, site->count);
    *bytes = add_saturating(*bytes, site->bytes);
}

// What exec took along does not count, as in the gate.
static void add_report(struct joining *joined, const struct report *report, const struct options *options,
                       bool is_new) {
    for (size_t p = 0; p < report->process_count; p++)
        for (size_t i = 0; i < report->processes[p].site_count && report->processes[p].end.how != END_EXEC;
             i++) {
            const struct report_site *site = &report->processes[p].sites[i];
            if (!site->suppressed_by && (options->show & 1u << site->verdict))
                add_site(joined, site, is_new);
        }
}

// CHANGES: none. A site of which more are held but fewer bytes grew.
static enum change change_of(const struct difference *one) {
    if (one->old_count == 0)
        return CHANGE_NEW;
    if (one->new_count == 0)
        return CHANGE_GONE;
    if (one->new_count != one->old_count)
        return one->new_count > one->old_count ? CHANGE_GREW : CHANGE_SHRANK;
    if (one->new_bytes != one->old_bytes)
        return one->new_bytes > one->old_bytes ? CHANGE_GREW : CHANGE_SHRANK;
    return CHANGES;
}

static uint64_t distance(uint64_t a, uint64_t b) {
    return a > b ? a - b : b - a;
}

static int most_first(const void *left, const void *right) {
    const struct difference *a = left, *b = right;
    uint64_t a_bytes = distance(a->old_bytes, a->new_bytes), b_bytes = distance(b->old_bytes, b->new_bytes);
    if (a_bytes != b_bytes)
        return a_bytes > b_bytes ? -1 : 1;
    uint64_t a_count = distance(a->old_count, a->new_count), b_count = distance(b->old_count, b->new_count);
    if (a_count != b_count)
        return a_count > b_count ? -1 : 1;
    return strcmp(a->site->id, b->site->id);
}

struct differences diff_reports(struct arena *arena, const struct report *old, const struct report *new,
                                const struct options *options) {
    struct joining joined = {.sites =
                                 arena_array(arena, struct difference, count_sites(old) + count_sites(new))};
    struct differences all = {0};
    add_report(&joined, old, options, false);
    add_report(&joined, new, options, true);
    table_free(&joined.by_id);
    for (enum change change = 0; change < CHANGES; change++)
        all.by[change].list = arena_array(arena, struct difference, joined.count);
    for (size_t i = 0; i < joined.count; i++) {
        const struct difference *one = &joined.sites[i];
        enum change change = change_of(one);
        if (change == CHANGES) {
            all.same++;
            continue;
        }
        all.by[change].list[all.by[change].count++] = *one;
        all.by[change].resources =
            add_saturating(all.by[change].resources, distance(one->old_count, one->new_count));
        all.by[change].bytes = add_saturating(all.by[change].bytes, distance(one->old_bytes, one->new_bytes));
    }
    for (enum change change = 0; change < CHANGES; change++)
        if (all.by[change].count)
            qsort(all.by[change].list, all.by[change].count, sizeof *all.by[change].list, most_first);
    return all;
}

const char *change_name(enum change change) {
    static const char *const names[CHANGES] = {"new", "grew", "shrank", "gone"};
    return names[change];
}
