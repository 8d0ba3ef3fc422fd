// See assemble_descriptors.h. Called by assemble.c.
#include "analyzer/assemble_descriptors.h"
#include "analyzer/resolved.h"
#include "analyzer/sites.h"

#include <stdlib.h>

enum { UNATTRIBUTED_SHOWN = 20 };

static void fill_totals(struct report_process *out, const struct process *p) {
    const struct descriptor_counts *counts = &p->descriptors;
    out->fd_tracked = true;
    out->fd = (struct fd_totals){.opened = counts->opened,
                                 .closed = counts->closed,
                                 .outstanding = counts->outstanding,
                                 .closed_unseen = counts->closed_unseen,
                                 .standard = counts->standard,
                                 .looked_at = p->looked_at,
                                 .inherited = counts->inherited,
                                 .unattributed = counts->unattributed,
                                 .limit = p->looked_at ? p->files.limit : -1,
                                 .double_closes = counts->double_closes,
                                 .closes_of_unopened = counts->closes_of_unopened,
                                 .swept = counts->swept};
}

static void fill_unattributed(struct report_process *out, const struct process *p, struct arena *arena) {
    size_t count;
    const struct descriptor *all = descriptors_all(ledger_descriptors(p->ledger), &count);
    out->unattributed = arena_array(arena, struct report_example, UNATTRIBUTED_SHOWN);
    for (size_t i = 0; i < count && out->unattributed_count < UNATTRIBUTED_SHOWN; i++) {
        const struct open_file *file =
            all[i].state == DESCRIPTOR_UNATTRIBUTED ? open_files_find(&p->files, all[i].fd) : NULL;
        if (file)
            out->unattributed[out->unattributed_count++] =
                (struct report_example){.address = (uint32_t)file->fd,
                                        .type = arena_strdup(arena, file->type),
                                        .target = arena_strdup(arena, file->target),
                                        .state = arena_strdup(arena, file->state),
                                        .detail = arena_strdup(arena, file->detail)};
    }
}

static void fill_step(struct report_step *out, const struct harvest *harvest, size_t index,
                      struct resolved *resolved) {
    if (index == SIZE_MAX)
        return;
    out->call = sites_call_name(harvest->groups[index].call);
    out->frame_count = resolved_frames(resolved, &harvest->groups[index], &out->frames);
}

static int most_frequent(const void *left, const void *right) {
    const struct report_misuse *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return a->fd < b->fd ? -1 : a->fd > b->fd;
}

static void fill_misuses(struct report_process *out, const struct harvest *harvest, struct symbols *symbols,
                         struct arena *arena) {
    out->misuse_count = harvest->misuse_count;
    out->misuses = arena_array(arena, struct report_misuse, out->misuse_count);
    struct resolved *resolved = resolved_new(harvest, symbols, arena);
    for (size_t i = 0; i < out->misuse_count; i++) {
        const struct harvested_misuse *misuse = &harvest->misuses[i];
        struct report_misuse *to = &out->misuses[i];
        *to = (struct report_misuse){.twice = misuse->twice, .fd = misuse->fd, .count = misuse->count};
        fill_step(&to->opened, harvest, misuse->opened, resolved);
        fill_step(&to->closed, harvest, misuse->closed, resolved);
        fill_step(&to->again, harvest, misuse->again, resolved);
    }
    resolved_free(resolved);
    if (out->misuse_count)
        qsort(out->misuses, out->misuse_count, sizeof *out->misuses, most_frequent);
}

void assemble_descriptors(struct report_process *out, const struct process *process, struct symbols *symbols,
                          struct arena *arena) {
    fill_totals(out, process);
    fill_unattributed(out, process, arena);
    fill_misuses(out, &process->harvest, symbols, arena);
}
