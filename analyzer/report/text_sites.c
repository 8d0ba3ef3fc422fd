// The sites of one process in the text report: grouped by verdict, most bytes first, each with its stack.
// Called by text.c only.
#include "analyzer/report/text.h"

#include "analyzer/report/escape.h"
#include "analyzer/report/go_frames.h"
#include "analyzer/report/memory.h"
#include "analyzer/report/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    FUNCTION_COLUMNS = 36, // functions' names are padded to the longest of a stack, up to this
    LONG_STACK = 24,       // frames; of a longer stack the ends are shown
    LONG_STACK_INNER = 16,
    LONG_STACK_OUTER = 6,
    FILES = 3,      // of mappings, that are named
    BELOW_MAIN = 4, // at most so many frames of start-up code call main
};

// The words must not say more than was looked at: only definite, indirect and possible are lost.
static const char *const group_titles[VERDICTS] = {
    [VERDICT_DEFINITE] = "Definitely lost (nothing points to them)",
    [VERDICT_INDIRECT] = "Indirectly lost (only lost blocks point to them)",
    [VERDICT_POSSIBLE] = "Possibly lost (only pointers into their middle were found)",
    [VERDICT_REACHABLE] = "Still reachable (something still points to them)",
    [VERDICT_UNCLASSIFIED] = "Still allocated at the end (not checked whether anything points to them)",
    [VERDICT_OPEN] = "Descriptors still open at the end",
    [VERDICT_MAPPED] = "Mappings still there at the end",
};

bool site_listed(const struct report_site *site, const struct options *options) {
    return (options->show & 1u << site->verdict) && !site->suppressed_by;
}

bool site_printed(const struct report_site *site, const struct options *options) {
    return site_listed(site, options) && (options->verbosity > 0 || !site_known(site));
}

int site_order(const void *a, const void *b) {
    const struct report_site *left = *(const struct report_site *const *)a;
    const struct report_site *right = *(const struct report_site *const *)b;
    if (left->bytes != right->bytes)
        return left->bytes > right->bytes ? -1 : 1;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return strcmp(left->id, right->id);
}

const char *site_noun(enum site_kind kind) {
    return kind == SITE_HEAP ? "block" : kind == SITE_FD ? "descriptor" : "mapping";
}

void print_amount(FILE *out, enum site_kind kind, uint64_t bytes, uint64_t count) {
    if (kind != SITE_FD) {
        print_size_exact(out, bytes);
        fputs(" in ", out);
    }
    print_count(out, count, site_noun(kind));
}

void print_frame(FILE *out, const struct report_frame *frame, int function_columns) {
    const char *function = frame->function ? frame->function : "??";
    escape_print(out, function);
    int length = (int)strnlen(function, FUNCTION_COLUMNS + 1);
    fprintf(out, "%*s", length < function_columns ? function_columns - length + 2 : 2, "");
    if (frame->file) {
        escape_print(out, frame->file);
        if (frame->line)
            fprintf(out, ":%" PRIu32, frame->line);
    } else if (frame->module) {
        escape_print(out, frame->module);
        fprintf(out, "+0x%" PRIx64, frame->offset);
    } else {
        fprintf(out, "0x%" PRIx64, frame->offset);
    }
    if (frame->inlined)
        fputs("  (inlined)", out);
}

// A stripped program has no main, but libc names what called it.
size_t frames_up_to_main(const struct report_site *site) {
    size_t count = site->frame_count;
    for (size_t below = 1; below <= BELOW_MAIN && below < count; below++) {
        const char *function = site->frames[count - below].function;
        const char *above = site->frames[count - 1 - below].function;
        if ((above && strcmp(above, "main") == 0) ||
            (function && strcmp(function, "__libc_start_call_main") == 0))
            return count - below;
    }
    return count;
}

static int longest_function(const struct report_frame *const *frames, size_t count) {
    int longest = 0;
    for (size_t i = 0; i < count; i++) {
        int length = (int)strnlen(frames[i]->function ? frames[i]->function : "??", FUNCTION_COLUMNS);
        longest = length > longest ? length : longest;
    }
    return longest;
}

// The frames worth reading, in room for all of them. Returns how many.
static size_t choose_frames(const struct report_site *site, bool whole, const struct report_frame **chosen) {
    size_t upto = whole ? site->frame_count : frames_up_to_main(site), count = 0;
    bool fold = !whole && site_has_other_than_go_wrappers(site);
    for (size_t i = 0; i < upto; i++)
        if (!fold || !frame_is_go_wrapper(&site->frames[i]))
            chosen[count++] = &site->frames[i];
    return count;
}

static void print_stack(FILE *out, const struct report_site *site, bool whole) {
    struct arena *arena = arena_new();
    const struct report_frame **frames = arena_array(arena, const struct report_frame *, site->frame_count);
    size_t count = choose_frames(site, whole, frames);
    bool cut = !whole && count > LONG_STACK;
    int columns = longest_function(frames, count);
    for (size_t i = 0; i < count; i++) {
        if (cut && i == LONG_STACK_INNER) {
            i = count - LONG_STACK_OUTER;
            fputs("        ... ", out);
            print_number(out, i - LONG_STACK_INNER);
            fputs(" more frames, -v shows all\n", out);
        }
        fputs("        ", out);
        print_frame(out, frames[i], columns);
        fputc('\n', out);
    }
    arena_free(arena);
    if (count == 0)
        fputs("        (no stack is known)\n", out);
    else if (site->truncated)
        fputs("        (truncated: what called this is not known)\n", out);
}

static void print_descriptor_examples(FILE *out, const struct report_site *site) {
    fputc('\n', out);
    for (size_t i = 0; i < site->example_count; i++) {
        fputs(i || site->count == site->example_count ? "        " : "      some of them:\n        ", out);
        print_descriptor(out, &site->examples[i]);
        fputc('\n', out);
    }
}

// A file that is mapped again and again is mapped by mistake.
static void print_files(FILE *out, const struct report_site *site) {
    for (size_t i = 0; i < site->tally_count && i < FILES; i++) {
        const struct report_tally *tally = &site->tallies[i];
        if (!tally->type || tally->count < 2)
            continue;
        fputs("      ", out);
        escape_print(out, tally->type);
        fputs(" mapped ", out);
        print_number(out, tally->count);
        fputs(" times\n", out);
    }
}

static void print_details(FILE *out, const struct report_site *site) {
    fprintf(out, "      id %s", site->id);
    if (site->kind == SITE_FD) {
        print_descriptor_examples(out, site);
        return;
    }
    for (size_t i = 0; i < site->example_count; i++) {
        fprintf(out, "%s0x%" PRIx64 " (",
                i                                   ? ", "
                : site->count > site->example_count ? "; some at "
                                                    : "; at ",
                site->examples[i].address);
        print_count(out, site->examples[i].bytes, "byte");
        fputc(')', out);
    }
    fputc('\n', out);
}

static void print_site(FILE *out, const struct report_site *site, size_t rank, uint64_t whole_bytes,
                       const struct options *options) {
    fprintf(out, "\n  #%zu  ", rank);
    if (site->baseline)
        fprintf(out, "%s: ", site->baseline);
    if (site->kind == SITE_FD)
        print_descriptors(out, site);
    else
        print_amount(out, site->kind, site->bytes, site->count);
    if (site->kind == SITE_FD && site->count == 1 && site->example_count && site->examples[0].target) {
        fputs(", ", out);
        escape_print(out, site->examples[0].target);
    }
    if (site->kind == SITE_HEAP && whole_bytes > 0) {
        fputs(", ", out);
        print_share(out, site->bytes, whole_bytes);
    }
    if (site->resident_bytes >= 0) {
        fputs(", resident ", out);
        print_size(out, (uint64_t)site->resident_bytes);
    }
    fputs(", ", out);
    escape_print(out, site->call);
    fputs(" called from\n", out);
    print_stack(out, site, options->verbosity > 0);
    if (site->kind == SITE_MAP)
        print_files(out, site);
    print_what_hangs_on(out, site, options->verbosity > 0);
    if (options->verbosity > 0)
        print_details(out, site);
}

// The sites from the top-th on, in one line.
static void print_rest(FILE *out, const struct report_site *const *sites, size_t count) {
    uint64_t bytes = 0;
    uint64_t resources = 0;
    for (size_t i = 0; i < count; i++) {
        bytes = add_saturating(bytes, sites[i]->bytes);
        resources = add_saturating(resources, sites[i]->count);
    }
    fputs("\n  ... and ", out);
    print_number(out, count);
    fprintf(out, " more site%s, ", count == 1 ? "" : "s");
    if (sites[0]->kind == SITE_FD)
        print_count(out, resources, "descriptor");
    else
        print_size(out, bytes);
    fputs("; --top 0 shows all\n", out);
}

static void print_group(FILE *out, const struct report_site **sites, size_t count, uint64_t whole_bytes,
                        const struct options *options) {
    qsort(sites, count, sizeof *sites, site_order);
    uint64_t bytes = 0;
    uint64_t resources = 0;
    for (size_t i = 0; i < count; i++) {
        bytes = add_saturating(bytes, sites[i]->bytes);
        resources = add_saturating(resources, sites[i]->count);
    }
    fprintf(out, "\n  %s:\n  ", group_titles[sites[0]->verdict]);
    print_amount(out, sites[0]->kind, bytes, resources);
    fputs(", from ", out);
    print_count(out, count, "site");
    fputc('\n', out);

    size_t shown = options->top && options->top < count ? options->top : count;
    for (size_t i = 0; i < shown; i++)
        print_site(out, sites[i], i + 1, whole_bytes, options);
    if (shown < count)
        print_rest(out, sites + shown, count - shown);
}

// The resident bytes of the mappings that are listed, or their size where that is not known.
static uint64_t mapped_bytes(const struct report_process *process, const struct options *options) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < process->site_count; i++) {
        const struct report_site *site = &process->sites[i];
        if (site->kind == SITE_MAP && site_listed(site, options))
            bytes = add_saturating(bytes,
                                   site->resident_bytes < 0 ? site->bytes : (uint64_t)site->resident_bytes);
    }
    return bytes;
}

// By verdict; but mappings come first where they are most of what is resident.
void print_sites(FILE *out, const struct report_process *process, const struct options *options) {
    struct arena *arena = arena_new();
    const struct report_site **group = arena_array(arena, const struct report_site *, process->site_count);
    bool maps_first = process->memory && mapped_bytes(process, options) > process->memory->rss_bytes / 2;
    for (int turn = maps_first ? -1 : 0; turn < VERDICTS - maps_first; turn++) {
        enum verdict verdict = turn < 0 ? VERDICT_MAPPED : (enum verdict)turn;
        size_t count = 0;
        for (size_t i = 0; i < process->site_count; i++)
            if (process->sites[i].verdict == verdict && site_printed(&process->sites[i], options))
                group[count++] = &process->sites[i];
        if (count > 0)
            print_group(out, group, count, process->heap.outstanding_bytes, options);
    }
    arena_free(arena);
}
