// What changed between two reports, for people and for programs; see diff.h.
#include "analyzer/gate/diff.h"

#include "analyzer/gate/hint.h"
#include "analyzer/report/escape.h"
#include "analyzer/report/units.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

enum { HINT_FUNCTIONS = 5 };

static void print_amount(FILE *out, const struct difference *one, uint64_t count, uint64_t bytes) {
    const char *noun = one->site->kind == SITE_FD    ? "descriptor"
                       : one->site->kind == SITE_MAP ? "mapping"
                                                     : "block";
    print_count(out, count, noun);
    if (one->site->kind != SITE_FD) {
        fputs(", ", out);
        print_count(out, bytes, "byte");
    }
}

static void print_site(FILE *out, struct arena *arena, enum change change, const struct difference *one) {
    const char *place = site_place(arena, one->site);
    fprintf(out, "%-6s %s %s: ", change_name(change), one->site->id, verdict_name(one->site->verdict));
    if (change != CHANGE_NEW)
        print_amount(out, one, one->old_count, one->old_bytes);
    if (change == CHANGE_GREW || change == CHANGE_SHRANK)
        fputs(" -> ", out);
    if (change != CHANGE_GONE)
        print_amount(out, one, one->new_count, one->new_bytes);
    fprintf(out, ": %s", site_hint(arena, one->site, HINT_FUNCTIONS));
    if (place) {
        fputs(" (", out);
        escape_print(out, place);
        fputc(')', out);
    }
    fputc('\n', out);
}

int diff_write_text(const struct differences *all, const struct options *options, FILE *out) {
    struct arena *arena = arena_new();
    fputs("seep diff: ", out);
    for (enum change change = 0; change < CHANGES; change++)
        fprintf(out, "%zu %s, ", all->by[change].count, change_name(change));
    fprintf(out, "%zu unchanged\n", all->same);
    for (enum change change = 0; change < CHANGES && options->verbosity >= 0; change++) {
        size_t count = all->by[change].count,
               shown = options->top && options->top < count ? options->top : count;
        for (size_t i = 0; i < shown; i++)
            print_site(out, arena, change, &all->by[change].list[i]);
        if (shown < count)
            fprintf(out, "%-6s ... and %zu more sites; --top 0 shows all\n", change_name(change),
                    count - shown);
    }
    arena_free(arena);
    return ferror(out) ? -EIO : 0;
}

static json_t *text_of(const char *text) {
    char *valid = escape_invalid(text);
    json_t *value = valid ? json_string(valid) : NULL;
    free(valid);
    return value;
}

static json_t *site_object(struct arena *arena, enum change change, const struct difference *one) {
    const char *place = site_place(arena, one->site);
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:I}", "id", one->site->id, "change",
                     change_name(change), "kind", site_kind_name(one->site->kind), "verdict",
                     verdict_name(one->site->verdict), "call", text_of(one->site->call), "path",
                     text_of(site_hint(arena, one->site, SIZE_MAX)), "place",
                     place ? text_of(place) : json_null(), "old_count", (json_int_t)one->old_count,
                     "old_bytes", (json_int_t)one->old_bytes, "new_count", (json_int_t)one->new_count,
                     "new_bytes", (json_int_t)one->new_bytes);
}

int diff_write_json(const struct differences *all, FILE *out) {
    struct arena *arena = arena_new();
    bool first = true;
    fprintf(out, "{\"schema\": \"seep-diff-1\", \"unchanged\": %zu, \"sites\": [", all->same);
    for (enum change change = 0; change < CHANGES; change++)
        for (size_t i = 0; i < all->by[change].count; i++) {
            json_t *object = site_object(arena, change, &all->by[change].list[i]);
            fputs(first ? "\n" : ",\n", out);
            if (!object || json_dumpf(object, out, 0) != 0) {
                json_decref(object);
                arena_free(arena);
                return -ENOMEM;
            }
            json_decref(object);
            first = false;
        }
    fputs("]}\n", out);
    arena_free(arena);
    return ferror(out) ? -EIO : 0;
}
