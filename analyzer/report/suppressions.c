// Suppressions for what is left, ready for --suppressions: valgrind's entries, which valgrind reads as well;
// see writers.h. Names are patterns there: a byte that can't stand in a line comes as ?, which stands for
// any.
#include "analyzer/report/writers.h"

#include "analyzer/report/escape.h"
#include "analyzer/report/listing.h"
#include "analyzer/report/text.h"
#include "analyzer/text.h"

#include <errno.h>
#include <string.h>

enum { MOST_FRAMES = 24 }; // valgrind takes no more; what is further out may be anything

static void print_pattern(FILE *out, const char *text) {
    bool edge = true; // blanks there would be trimmed away
    for (; *text; edge = false) {
        uint32_t point;
        size_t length = utf8_sequence(text, &point);
        bool plain = length > 0 && point >= 0x20 && (point < 0x7f || point > 0x9f);
        if (plain && *text == ' ' && (edge || !text[1]))
            plain = false;
        if (plain)
            fwrite(text, 1, length, out);
        else
            fputc('?', out);
        text += plain ? length : 1;
    }
}

static void print_frame_pattern(FILE *out, const struct report_frame *frame) {
    const char *name = frame->linkage ? frame->linkage : frame->function;
    bool named = name && *name, placed = frame->module && *frame->module;
    fputs(named ? "   fun:" : placed ? "   obj:" : "   ...", out);
    if (named || placed)
        print_pattern(out, named ? name : frame->module);
    fputc('\n', out);
}

// What a person calls the site.
static const char *site_name_words(const struct report_site *site) {
    const struct report_frame *frame = telling_frame(site);
    return frame && frame->function ? frame->function : "??";
}

static void print_entry(FILE *out, const struct listed_site *listed, struct arena *arena) {
    const struct report_site *site = listed->site;
    fprintf(out, "{\n   seep-%s ", site->id);
    print_pattern(out, site_name_words(site));
    fprintf(out, "\n   # %s\n", listed_title(arena, listed));
    if (site->kind == SITE_FD) {
        fputs("   CoreError:FdNotClosed\n", out);
    } else {
        // What was not classified may be definitely lost, and is suppressed by who suppresses that.
        enum verdict verdict = site->verdict == VERDICT_UNCLASSIFIED ? VERDICT_DEFINITE : site->verdict;
        fprintf(out, "   Memcheck:Leak\n   match-leak-kinds: %s\n", verdict_name(verdict));
    }
    fputs("   fun:", out);
    print_pattern(out, *site->call ? site->call : "*");
    fputc('\n', out);
    size_t frames = frames_up_to_main(site);
    for (size_t i = 0; i < frames && i < MOST_FRAMES - 1; i++)
        print_frame_pattern(out, &site->frames[i]);
    fputs("}\n", out);
}

// valgrind has none for mappings: a line of LeakSanitizer's shape.
static void print_mapping(FILE *out, const struct report_site *site, bool comment) {
    const struct report_frame *frame = telling_frame(site);
    fputs(comment ? "# map:" : "map:", out);
    if (frame && frame->function && *frame->function)
        print_pattern(out, frame->function);
    else if (frame && frame->module && *base_name(frame->module))
        print_pattern(out, base_name(frame->module));
    else
        print_pattern(out, *site->call ? site->call : "*");
    fputc('\n', out);
}

int report_write_suppressions(const struct report *report, const struct options *options, FILE *out) {
    struct arena *arena = arena_new();
    struct listing listing = listing_make(arena, report, options);
    size_t entries = 0, mappings = 0;
    for (size_t i = 0; i < listing.count; i++)
        if (!site_known(listing.sites[i].site))
            *(listing.sites[i].site->kind == SITE_MAP ? &mappings : &entries) += 1;
    fprintf(out, "# Suppressions for what seep found%s.\n", entries + mappings ? "" : ": nothing");
    for (size_t i = 0; i < listing.count; i++)
        if (!site_known(listing.sites[i].site) && listing.sites[i].site->kind != SITE_MAP)
            print_entry(out, &listing.sites[i], arena);
    if (entries && mappings)
        fputs("# Mappings have lines of another format, which take a file of their own:\n", out);
    for (size_t i = 0; i < listing.count; i++)
        if (!site_known(listing.sites[i].site) && listing.sites[i].site->kind == SITE_MAP)
            print_mapping(out, listing.sites[i].site, entries > 0);
    arena_free(arena);
    return ferror(out) ? -EIO : 0;
}
