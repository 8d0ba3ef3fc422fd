// Writes a baseline anew from a report, keeping what people put into the old one; see baseline.h.
#include "analyzer/gate/baseline.h"

#include "analyzer/gate/hint.h"
#include "analyzer/report/outfile.h"
#include "analyzer/site_id.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HINT_FUNCTIONS = 6 };

static const char first_comment[] = "# Known sites: what `seep run --fail-on new --baseline FILE` lets pass. "
                                    "A line is id, verdict, limit and a hint.\n"
                                    "# Limits are of one process: 3, 3+1 or 3+20% with a tolerance, * for "
                                    "any; 3,4K limits bytes too. See seep(1).\n";

// One site in one process; of the same site in several, the largest figures count.
struct known {
    const struct report_site *site;
    uint64_t count, bytes;
};

static int compare_known(const void *left, const void *right) {
    const struct known *a = left, *b = right;
    int order = strcmp(a->site->id, b->site->id);
    return order ? order : (a->site->verdict > b->site->verdict) - (a->site->verdict < b->site->verdict);
}

static bool wanted(const struct report_process *process, const struct report_site *site, uint32_t kinds) {
    return process->end.how != END_EXEC && !site->suppressed_by && (kinds & 1u << site->verdict);
}

static size_t gather(const struct report *report, uint32_t kinds, struct arena *arena, struct known **out) {
    size_t most = 0, count = 0, kept = 0;
    for (size_t p = 0; p < report->process_count; p++)
        most += report->processes[p].site_count;
    struct known *known = arena_array(arena, struct known, most);
    for (size_t p = 0; p < report->process_count; p++)
        for (size_t i = 0; i < report->processes[p].site_count; i++) {
            const struct report_site *site = &report->processes[p].sites[i];
            if (wanted(&report->processes[p], site, kinds))
                known[count++] = (struct known){site, site->count, site->bytes};
        }
    if (count)
        qsort(known, count, sizeof *known, compare_known);
    for (size_t i = 0; i < count; i++) {
        struct known *last = kept ? &known[kept - 1] : NULL;
        if (last && compare_known(last, &known[i]) == 0) {
            last->count = last->count > known[i].count ? last->count : known[i].count;
            last->bytes = last->bytes > known[i].bytes ? last->bytes : known[i].bytes;
        } else {
            known[kept++] = known[i];
        }
    }
    *out = known;
    return kept;
}

static const struct baseline_line *find_line(const struct baseline *old, const struct report_site *site) {
    if (!old)
        return NULL;
    for (size_t i = baseline_find(old, site->id); i < old->count && strcmp(old->lines[i].id, site->id) == 0;
         i++)
        if (old->lines[i].verdict == site->verdict)
            return &old->lines[i];
    return NULL;
}

static void print_known(FILE *out, const struct known *known, const struct baseline *old,
                        struct arena *arena) {
    const struct baseline_line *line = find_line(old, known->site);
    struct limit limit = {.bytes = {.any = true}};
    char text[LIMIT_BYTES];
    limit = limit_update(line ? line->limit : limit, known->count, known->bytes);
    limit_print(&limit, text);
    fprintf(out, "%s%s %s %s %s%s%s\n", line && line->above ? line->above : "", known->site->id,
            verdict_name(known->site->verdict), text, site_hint(arena, known->site, HINT_FUNCTIONS),
            line && line->comment ? "  " : "", line && line->comment ? line->comment : "");
}

int baseline_write(const char *path, const struct baseline *old, const struct report *report, uint32_t kinds,
                   char *message, size_t message_bytes) {
    struct arena *arena = arena_new();
    struct known *known;
    size_t count = gather(report, kinds, arena, &known), bytes;
    char *text = NULL;
    int rc = -ENOMEM;
    FILE *out = open_memstream(&text, &bytes);
    if (out) {
        fprintf(out, "seep-baseline 1 ids %d\n", SITE_ID_VERSION);
        const char *top = old ? old->top : first_comment;
        if (top)
            fprintf(out, "%s\n", top);
        for (size_t i = 0; i < count; i++)
            print_known(out, &known[i], old, arena);
        rc = fclose(out) == 0 ? outfile_write(path, text, bytes) : -ENOMEM;
    }
    if (rc < 0)
        snprintf(message, message_bytes, "cannot write the baseline '%s': %s", path, strerror(-rc));
    free(text);
    arena_free(arena);
    return rc;
}
