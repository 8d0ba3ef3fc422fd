// Folded stacks, one line a site, as flame graph programs read them: frames from the outermost in, joined by
// semicolons, a space and a figure; see writers.h. Lines of one stack add up in the reader.
#include "analyzer/report/writers.h"

#include "analyzer/report/escape_syntax.h"
#include "analyzer/report/listing.h"
#include "analyzer/report/text.h"
#include "analyzer/text.h"

#include <errno.h>
#include <inttypes.h>

// A flame graph has one unit: of what is asked for, the heap comes first, since nearly all is there.
static enum site_kind kind_of_graph(show_set show) {
    const show_set heap = (1u << VERDICT_OPEN) - 1;
    return show & heap ? SITE_HEAP : show & 1u << VERDICT_MAPPED ? SITE_MAP : SITE_FD;
}

static void print_stack(FILE *out, struct arena *arena, const struct report_process *process,
                        const struct report_site *site) {
    escape_folded(out, process->executable ? base_name(process->executable) : "(executable not known)");
    if (site->truncated)
        fputs(";(truncated)", out);
    for (size_t i = site->frame_count; i-- > 0;) {
        const struct report_frame *frame = &site->frames[i];
        fputc(';', out);
        escape_folded(out, frame->function ? frame->function : frame_words(arena, frame, NULL));
    }
    fputc(';', out);
    escape_folded(out, site->call);
}

int report_write_folded(const struct report *report, const struct options *options, FILE *out) {
    struct arena *arena = arena_new();
    struct listing listing = listing_make(arena, report, options);
    enum site_kind kind = kind_of_graph(options->show);
    for (size_t i = 0; i < listing.count; i++) {
        const struct listed_site *listed = &listing.sites[i];
        if (listed->site->kind != kind)
            continue;
        print_stack(out, arena, listed->process, listed->site);
        fprintf(out, " %" PRIu64 "\n", kind == SITE_FD ? listed->count : listed->bytes);
    }
    arena_free(arena);
    return ferror(out) ? -EIO : 0;
}
