// See merge.h. Called by the check command.
#include "analyzer/report/merge.h"

#include <string.h>

// Reasons that several parts give stand there once.
static void add_reason(struct report *all, const char *reason) {
    for (size_t i = 0; i < all->inexact_count; i++)
        if (strcmp(all->inexact_because[i], reason) == 0)
            return;
    all->inexact_because[all->inexact_count++] = reason;
}

static void count_up(struct report *const *parts, size_t count, struct report *all) {
    size_t processes = 0, reasons = 0;
    for (size_t i = 0; i < count; i++) {
        processes += parts[i]->process_count;
        reasons += parts[i]->inexact_count;
    }
    all->processes = arena_array(all->arena, struct report_process, processes);
    all->inexact_because = arena_array(all->arena, const char *, reasons);
}

struct report *report_merge(struct report *const *parts, size_t count) {
    struct report *all = report_new();
    count_up(parts, count, all);
    all->seep_version = parts[0]->seep_version;
    all->started = parts[0]->started;
    all->command = parts[0]->command;
    all->command_count = parts[0]->command_count;
    all->exact = true;
    if (count > 1) {
        all->command = arena_array(all->arena, const char *, 1);
        all->command[0] = arena_printf(all->arena, "%zu reports", count);
        all->command_count = 1;
    }
    for (size_t i = 0; i < count; i++) {
        const struct report *part = parts[i];
        all->exact &= part->exact;
        all->duration_seconds += part->duration_seconds;
        for (size_t k = 0; k < part->inexact_count; k++)
            add_reason(all, part->inexact_because[k]);
        memcpy(all->processes + all->process_count, part->processes,
               part->process_count * sizeof *part->processes);
        all->process_count += part->process_count;
    }
    return all;
}
