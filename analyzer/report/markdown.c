// Markdown for people who look at a change: what the gate said, a table of the worst sites, and below it each
// site's stack, folded away; see writers.h.
#include "analyzer/report/writers.h"

#include "analyzer/report/escape_syntax.h"
#include "analyzer/report/listing.h"
#include "analyzer/report/text.h"
#include "analyzer/report/units.h"

#include <errno.h>
#include <stdlib.h>

enum {
    COMMENT_BYTES = 60000, // GitHub takes 65,536 characters, GitLab more
    TABLE_ROWS = 20,       // unless --top says otherwise
    LONGEST_NAME = 160,
    STACK_FRAMES = 40,
    LIST_LINES = 10, // of the gate's reasons, of reasons why figures are not exact
};

struct markdown {
    FILE *out;
    struct arena *arena;
    const struct report *report;
    const char *root;          // of the sources
    struct listed_site *sites; // that are not known to the baseline
    size_t count, known;
};

static void print_code(const struct markdown *m, const char *text) {
    fputs("<code>", m->out);
    escape_markdown(m->out, shortened(m->arena, text, LONGEST_NAME));
    fputs("</code>", m->out);
}

static const char *where_words(const struct markdown *m, const struct report_site *site) {
    const char *path;
    const struct report_frame *frame = frame_in_sources(m->arena, site, m->root, &path);
    frame = frame ? frame : telling_frame(site);
    return frame ? frame_words(m->arena, frame, m->root) : "(no stack is known)";
}

static void print_headline(const struct markdown *m) {
    const struct report_gate *gate = m->report->gate;
    uint64_t count[SITE_KINDS] = {0}, bytes = 0;
    for (size_t i = 0; i < m->count; i++) {
        count[m->sites[i].site->kind] = add_saturating(count[m->sites[i].site->kind], m->sites[i].count);
        if (m->sites[i].site->kind == SITE_HEAP)
            bytes = add_saturating(bytes, m->sites[i].bytes);
    }
    fputs("### seep: ", m->out);
    if (gate)
        fputs(gate->tripped ? "the gate failed, " : "the gate passed, ", m->out);
    if (m->count == 0)
        fputs(m->report->process_count == 0 ? "no process was seen"
              : m->known                    ? "nothing new"
                                            : "nothing to report",
              m->out);
    for (int kind = 0, first = 1; kind < SITE_KINDS; kind++) {
        if (count[kind] == 0)
            continue;
        fputs(first ? "" : ", ", m->out);
        first = 0;
        print_count(m->out, count[kind], site_noun((enum site_kind)kind));
        if (kind == SITE_HEAP) {
            fputs(" (", m->out);
            print_size(m->out, bytes);
            fputc(')', m->out);
        }
    }
    fputs("\n\n", m->out);
}

static void print_list(const struct markdown *m, const char *const *lines, size_t count) {
    for (size_t i = 0; i < count && i < LIST_LINES; i++) {
        fputs("- ", m->out);
        print_code(m, lines[i]);
        fputc('\n', m->out);
    }
    if (count > LIST_LINES)
        fprintf(m->out, "- ... and %zu more\n", count - LIST_LINES);
}

static void print_command_line(const struct markdown *m) {
    char *text = NULL;
    size_t bytes;
    FILE *line = open_memstream(&text, &bytes);
    if (!line)
        return;
    print_command(line, m->report->command, m->report->command_count, false);
    fclose(line);
    print_code(m, text);
    free(text);
    fputs(m->report->exact ? ", figures are exact\n" : ", figures are **not exact**:\n\n", m->out);
    if (!m->report->exact)
        print_list(m, m->report->inexact_because, m->report->inexact_count);
}

static void print_gate(const struct markdown *m) {
    const struct report_gate *gate = m->report->gate;
    if (!gate || !gate->tripped)
        return;
    fputs("\n**The gate failed:**\n\n", m->out);
    print_list(m, gate->reasons, gate->reason_count);
    if (gate->update) {
        fputs("\nTo accept this: ", m->out);
        print_code(m, gate->update);
        fputc('\n', m->out);
    }
}

static void print_row(const struct markdown *m, size_t i) {
    const struct listed_site *listed = &m->sites[i];
    fprintf(m->out, "| %zu | %s%s%s | ", i + 1, listed_title(m->arena, listed),
            listed->site->baseline ? ", " : "", listed->site->baseline ? listed->site->baseline : "");
    print_code(m, listed->site->call);
    fputs(" | ", m->out);
    print_code(m, where_words(m, listed->site));
    fprintf(m->out, " | `%s` |\n", listed->site->id);
}

static void print_table(const struct markdown *m, size_t rows) {
    if (m->count > 0)
        fputs("\n| # | what | call | where | site |\n|---:|---|---|---|---|\n", m->out);
    for (size_t i = 0; i < rows; i++)
        print_row(m, i);
    if (rows < m->count) {
        fputs("\n... and ", m->out);
        print_count(m->out, m->count - rows, "more site");
        fputs(", in the whole report.\n", m->out);
    }
    if (m->known) {
        fputc('\n', m->out);
        print_count(m->out, m->known, "site");
        fputs(m->known == 1 ? " is known to the baseline.\n" : " are known to the baseline.\n", m->out);
    }
}

// HTML without an empty line, so that Markdown leaves it alone.
static void print_details(const struct markdown *m, size_t i) {
    const struct report_site *site = m->sites[i].site;
    size_t frames;
    const struct report_frame **list = frames_for_people(m->arena, site, &frames);
    size_t shown = frames < STACK_FRAMES ? frames : STACK_FRAMES;
    fprintf(m->out, "\n<details><summary>#%zu %s: ", i + 1, listed_title(m->arena, &m->sites[i]));
    print_code(m, where_words(m, site));
    fputs("</summary>\n<pre>\n", m->out);
    escape_markdown(m->out, shortened(m->arena, site->call, LONGEST_NAME));
    fputs(" called from\n", m->out);
    for (size_t f = 0; f < shown; f++) {
        fputs("  ", m->out);
        escape_markdown(m->out, shortened(m->arena, frame_words(m->arena, list[f], m->root), LONGEST_NAME));
        fputc('\n', m->out);
    }
    if (shown < frames)
        fprintf(m->out, "  ... %zu more frames\n", frames - shown);
    if (site->truncated)
        fputs("  (truncated: what called this is not known)\n", m->out);
    fputs("</pre>\n</details>\n", m->out);
}

static void choose_sites(struct markdown *m, const struct listing *listing) {
    m->sites = arena_array(m->arena, struct listed_site, listing->count);
    for (size_t i = 0; i < listing->count; i++)
        if (site_known(listing->sites[i].site))
            m->known++;
        else
            m->sites[m->count++] = listing->sites[i];
}

int markdown_write(const struct report *report, const struct options *options, size_t most_bytes, FILE *out) {
    struct arena *arena = arena_new();
    struct markdown m = {.out = out, .arena = arena, .report = report, .root = source_root(arena, options)};
    struct listing listing = listing_make(arena, report, options);
    choose_sites(&m, &listing);
    size_t rows = options->top && options->top < TABLE_ROWS ? options->top : TABLE_ROWS;
    rows = rows < m.count ? rows : m.count;
    print_headline(&m);
    print_command_line(&m);
    print_gate(&m);
    print_table(&m, rows);

    // A stack is written beside first: it goes in whole or not at all.
    char *text = NULL;
    size_t bytes = 0;
    for (size_t i = 0; i < rows; i++) {
        struct markdown beside = m;
        if (!(beside.out = open_memstream(&text, &bytes)))
            break;
        print_details(&beside, i);
        fclose(beside.out);
        bool fits = (size_t)ftell(out) + bytes <= most_bytes;
        if (fits)
            fwrite(text, 1, bytes, out);
        free(text);
        if (!fits)
            break;
    }
    arena_free(arena);
    return ferror(out) ? -EIO : 0;
}

int report_write_markdown(const struct report *report, const struct options *options, FILE *out) {
    return markdown_write(report, options, COMMENT_BYTES, out);
}
