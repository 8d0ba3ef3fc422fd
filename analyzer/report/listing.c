// See listing.h. Called by the writers.
#include "analyzer/report/listing.h"

#include "analyzer/report/escape.h"
#include "analyzer/report/text.h"
#include "analyzer/report/units.h"
#include "analyzer/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum severity verdict_severity(enum verdict verdict) {
    switch (verdict) {
    case VERDICT_DEFINITE:
        return SEVERITY_ERROR;
    case VERDICT_INDIRECT:
    case VERDICT_REACHABLE:
        return SEVERITY_NOTE;
    default:
        return SEVERITY_WARNING;
    }
}

const char *verdict_words(enum verdict verdict) {
    static const char *const words[VERDICTS] = {
        [VERDICT_DEFINITE] = "definitely lost",
        [VERDICT_INDIRECT] = "indirectly lost",
        [VERDICT_POSSIBLE] = "possibly lost",
        [VERDICT_REACHABLE] = "still reachable",
        [VERDICT_UNCLASSIFIED] = "still allocated at the end",
        [VERDICT_OPEN] = "still open at the end",
        [VERDICT_MAPPED] = "still mapped at the end",
    };
    return words[verdict];
}

// --- the list
// --------------------------------------------------------------------------------------------------------

static int by_identity(const void *left, const void *right) {
    const struct listed_site *a = left, *b = right;
    if (a->site->kind != b->site->kind)
        return a->site->kind < b->site->kind ? -1 : 1;
    if (a->site->verdict != b->site->verdict)
        return a->site->verdict < b->site->verdict ? -1 : 1;
    int order = strcmp(a->site->id, b->site->id);
    return order ? order : a->process < b->process ? -1 : a->process > b->process;
}

static int by_weight(const void *left, const void *right) {
    const struct listed_site *a = left, *b = right;
    enum severity worse = verdict_severity(a->site->verdict), other = verdict_severity(b->site->verdict);
    if (worse != other)
        return worse < other ? -1 : 1;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return by_identity(left, right);
}

static bool is_same(const struct report_site *a, const struct report_site *b) {
    return a->kind == b->kind && a->verdict == b->verdict && strcmp(a->id, b->id) == 0;
}

struct listing listing_make(struct arena *arena, const struct report *report, const struct options *options) {
    size_t most = 0, all = 0, count = 0;
    for (size_t p = 0; p < report->process_count; p++)
        most += report->processes[p].site_count;
    struct listed_site *sites = arena_array(arena, struct listed_site, most);
    for (size_t p = 0; p < report->process_count; p++) {
        const struct report_process *process = &report->processes[p];
        bool gone = process->end.how == END_EXEC && options->verbosity <= 0;
        for (size_t s = 0; s < process->site_count && !gone; s++)
            if (site_listed(&process->sites[s], options))
                sites[all++] = (struct listed_site){.site = &process->sites[s],
                                                    .process = process,
                                                    .count = process->sites[s].count,
                                                    .bytes = process->sites[s].bytes,
                                                    .processes = 1};
    }
    qsort(sites, all, sizeof *sites, by_identity);
    for (size_t i = 0; i < all; i++) {
        struct listed_site *last = count ? &sites[count - 1] : NULL;
        if (last && is_same(last->site, sites[i].site)) {
            last->count = add_saturating(last->count, sites[i].count);
            last->bytes = add_saturating(last->bytes, sites[i].bytes);
            last->processes += sites[i].process != sites[i - 1].process;
        } else {
            sites[count++] = sites[i];
        }
    }
    qsort(sites, count, sizeof *sites, by_weight);
    return (struct listing){sites, count};
}

// --- words
// -----------------------------------------------------------------------------------------------------------

const char *listed_title(struct arena *arena, const struct listed_site *listed) {
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        return "";
    print_count(out, listed->count, site_noun(listed->site->kind));
    if (listed->site->kind != SITE_FD) {
        fputs(" (", out);
        print_size(out, listed->bytes);
        fputc(')', out);
    }
    fprintf(out, " %s", verdict_words(listed->site->verdict));
    if (listed->processes > 1)
        fprintf(out, " in %zu processes", listed->processes);
    fclose(out);
    const char *kept = arena_strdup(arena, text ? text : "");
    free(text);
    return kept;
}

const char *frame_words(struct arena *arena, const struct report_frame *frame, const char *root) {
    const char *function = frame->function ? frame->function : "??";
    if (frame->file) {
        const char *path = root ? source_path(arena, root, frame->file) : NULL;
        path = path ? path : frame->file;
        return frame->line ? arena_printf(arena, "%s at %s:%" PRIu32, function, path, frame->line)
                           : arena_printf(arena, "%s at %s", function, path);
    }
    if (frame->module)
        return arena_printf(arena, "%s in %s+0x%" PRIx64, function, base_name(frame->module), frame->offset);
    return arena_printf(arena, "%s at 0x%" PRIx64, function, frame->offset);
}

const char *shortened(struct arena *arena, const char *text, size_t most) {
    if (strnlen(text, most + 1) <= most)
        return text;
    size_t length = 0, step;
    for (uint32_t point; length < most - 3; length += step) {
        step = utf8_sequence(text + length, &point);
        step = step ? step : 1;
        if (length + step > most - 3)
            break;
    }
    return arena_printf(arena, "%.*s...", (int)length, text);
}
