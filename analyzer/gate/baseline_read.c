// Reads a baseline; see baseline.h. People write and merge this file: each thing that is wrong is named with
// its line.
#include "analyzer/gate/baseline.h"

#include "analyzer/gate/text_file.h"
#include "analyzer/site_id.h"
#include "analyzer/vector.h"
#include "analyzer/whole_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BASELINE_VERSION = 1 };

struct parsing {
    struct baseline *baseline;
    struct text_lines lines;
    bool any_ids;
    bool headed; // the first line was there
    char *above; // comment lines since the last site; NULL: none
    size_t above_bytes;
};

static void keep_comment(struct parsing *p, const char *line) {
    size_t bytes = strlen(line);
    char *larger = arena_alloc(p->baseline->arena, p->above_bytes + bytes + 2);
    if (p->above_bytes)
        memcpy(larger, p->above, p->above_bytes);
    memcpy(larger + p->above_bytes, line, bytes);
    larger[p->above_bytes + bytes] = '\n';
    p->above = larger;
    p->above_bytes += bytes + 1;
}

// What was gathered belongs to the whole file.
static void comment_to_top(struct parsing *p) {
    if (p->above && p->baseline->top)
        p->baseline->top = arena_printf(p->baseline->arena, "%s%s", p->baseline->top, p->above);
    else if (p->above)
        p->baseline->top = p->above;
    p->above = NULL;
    p->above_bytes = 0;
}

static int parse_header(struct parsing *p, char *line) {
    unsigned version, ids;
    char end;
    if (sscanf(line, "seep-baseline %u ids %u %c", &version, &ids, &end) != 2)
        return text_fail(&p->lines,
                         "a baseline begins with 'seep-baseline %d ids %d'; write one with --write-baseline",
                         BASELINE_VERSION, SITE_ID_VERSION);
    if (version != BASELINE_VERSION)
        return text_fail(&p->lines, "this is version %u of the format, and this seep reads %d", version,
                         BASELINE_VERSION);
    if (ids != SITE_ID_VERSION && !p->any_ids)
        return text_fail(&p->lines,
                         "its ids were made by rules of version %u, and this seep has %d; write it anew with "
                         "--write-baseline",
                         ids, SITE_ID_VERSION);
    p->headed = true;
    comment_to_top(p);
    return 0;
}

// The next word of *at, ended; NULL: there is none.
static char *next_word(char **at) {
    *at += strspn(*at, " \t");
    if (!**at)
        return NULL;
    char *word = *at;
    *at += strcspn(*at, " \t");
    if (**at)
        *(*at)++ = '\0';
    return word;
}

static int parse_site(struct parsing *p, char *line) {
    char why[128], *at = line;
    const char *id = next_word(&at), *verdict = next_word(&at), *limit = next_word(&at);
    struct baseline_line out = {.hint = ""};
    if (strlen(id) != 16 || strspn(id, "0123456789abcdef") != 16)
        return text_fail(&p->lines, "'%.32s' is no site id, which has 16 hex digits", id);
    memcpy(out.id, id, sizeof out.id);
    int known = verdict ? verdict_from_name(verdict) : -EINVAL;
    if (known < 0)
        return text_fail(&p->lines,
                         "'%.32s' is no verdict; there are definite, indirect, possible, reachable, "
                         "unclassified, open and mapped",
                         verdict ? verdict : "");
    out.verdict = (enum verdict)known;
    if (!limit || limit_parse(limit, &out.limit, why, sizeof why) < 0)
        return text_fail(&p->lines, "%s", limit ? why : "the limit is missing");
    at += strspn(at, " \t");
    char *comment = *at == '#' ? at : strstr(at, " #");
    if (comment) {
        out.comment = arena_strdup(p->baseline->arena, comment + strspn(comment, " "));
        *comment = '\0';
    }
    out.hint = arena_strdup(p->baseline->arena, at);
    out.above = p->above;
    p->above = NULL;
    p->above_bytes = 0;
    *VECTOR_PUSH(p->baseline->lines, p->baseline->count, p->baseline->room) = out;
    return 0;
}

static int parse_line(struct parsing *p, char *line) {
    size_t blank = strspn(line, " \t");
    if (!line[blank]) {
        comment_to_top(p);
        return 0;
    }
    if (line[blank] == '#') {
        keep_comment(p, line);
        return 0;
    }
    return p->headed ? parse_site(p, line) : parse_header(p, line);
}

static int compare_lines(const void *left, const void *right) {
    const struct baseline_line *a = left, *b = right;
    int order = strcmp(a->id, b->id);
    return order ? order : (a->verdict > b->verdict) - (a->verdict < b->verdict);
}

static void keep_larger(struct limit_part *kept, const struct limit_part *other) {
    if (limit_most(other) > limit_most(kept))
        *kept = *other;
}

static void sort_and_merge(struct baseline *baseline) {
    if (baseline->count)
        qsort(baseline->lines, baseline->count, sizeof *baseline->lines, compare_lines);
    size_t kept = 0;
    for (size_t i = 0; i < baseline->count; i++) {
        struct baseline_line *line = &baseline->lines[i], *last = kept ? &baseline->lines[kept - 1] : NULL;
        if (last && compare_lines(last, line) == 0) {
            keep_larger(&last->limit.count, &line->limit.count);
            keep_larger(&last->limit.bytes, &line->limit.bytes);
            if (!last->above)
                last->above = line->above;
            if (!last->comment)
                last->comment = line->comment;
        } else {
            baseline->lines[kept++] = *line;
        }
    }
    baseline->count = kept;
}

int baseline_parse(const char *text, size_t bytes, const char *path, bool any_ids, struct baseline **out,
                   char *message, size_t message_bytes) {
    struct arena *arena = arena_new();
    struct baseline *baseline = arena_alloc(arena, sizeof *baseline);
    *baseline = (struct baseline){.arena = arena, .path = arena_strdup(arena, path)};
    struct parsing p = {.baseline = baseline, .any_ids = any_ids};
    int rc = text_lines_begin(&p.lines, text, bytes, path, message, message_bytes);
    for (char *line; rc == 0 && (line = text_lines_next(&p.lines));)
        rc = parse_line(&p, line);
    text_lines_end(&p.lines);
    comment_to_top(&p);
    if (rc < 0) {
        baseline_free(baseline);
        return rc;
    }
    sort_and_merge(baseline);
    *out = baseline;
    return 0;
}

int baseline_read(const char *path, bool any_ids, struct baseline **out, char *message,
                  size_t message_bytes) {
    char *text;
    size_t bytes;
    int rc = whole_file_get(path, TEXT_FILE_MOST, &text, &bytes);
    if (rc < 0) {
        snprintf(message, message_bytes, "cannot read the baseline '%s': %s%s", path, strerror(-rc),
                 rc == -ENOENT ? "; --write-baseline creates it" : "");
        return rc;
    }
    rc = baseline_parse(text, bytes, path, any_ids, out, message, message_bytes);
    free(text);
    return rc;
}

void baseline_free(struct baseline *baseline) {
    if (!baseline)
        return;
    free(baseline->lines);
    arena_free(baseline->arena);
}

size_t baseline_find(const struct baseline *baseline, const char *id) {
    size_t low = 0, high = baseline->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(baseline->lines[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
