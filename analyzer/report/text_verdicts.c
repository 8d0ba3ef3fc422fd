// What the look for pointers found, in the text report: a line for each class, why it could not be done, and
// what hangs on a lost block. Called by text.c, text_summary.c and text_sites.c.
#include "analyzer/report/text.h"

#include "analyzer/report/escape.h"
#include "analyzer/report/units.h"

#include <inttypes.h>

static const char *const class_words[VERDICT_OPEN] = {
    [VERDICT_DEFINITE] = "definitely lost", [VERDICT_INDIRECT] = "indirectly lost",
    [VERDICT_POSSIBLE] = "possibly lost",   [VERDICT_REACHABLE] = "still reachable",
    [VERDICT_UNCLASSIFIED] = "not checked",
};

void text_add_verdicts(struct verdict_totals *sums, const struct report_process *process) {
    for (enum verdict v = 0; v < VERDICT_OPEN; v++) {
        sums->by[v].blocks = add_saturating(sums->by[v].blocks, process->verdicts.by[v].blocks);
        sums->by[v].bytes = add_saturating(sums->by[v].bytes, process->verdicts.by[v].bytes);
    }
}

void print_verdicts(FILE *out, const struct verdict_totals *totals, const char *indent) {
    bool checked = false;
    for (enum verdict v = 0; v < VERDICT_UNCLASSIFIED; v++)
        checked |= totals->by[v].blocks > 0;
    for (enum verdict v = 0; v < VERDICT_OPEN && checked; v++) {
        if (!totals->by[v].blocks && v == VERDICT_UNCLASSIFIED)
            continue;
        fprintf(out, "%s%-16s ", indent, class_words[v]);
        print_amount(out, SITE_HEAP, totals->by[v].bytes, totals->by[v].blocks);
        fputc('\n', out);
    }
}

void print_scan(FILE *out, const struct report_process *process, bool verbose) {
    if (process->scan.refused && process->verdicts.by[VERDICT_UNCLASSIFIED].blocks) {
        fputs("  pointers were not looked for: ", out);
        escape_print(out, process->scan.refused);
        fputc('\n', out);
    }
    const struct verdict_totals *totals = &process->verdicts;
    if (process->scan.hidden_requests && totals->by[VERDICT_DEFINITE].blocks) {
        fputs("  ", out);
        print_count(out, process->scan.hidden_requests, "io_uring request");
        fputs(" under way: what only these hold looks lost\n", out);
    }
    if (!process->scan.done || !verbose)
        return;
    fputs("  scan    ", out);
    print_size(out, process->scan.scanned_bytes);
    fputs(" read with ", out);
    print_count(out, process->scan.threads, "thread");
    fprintf(out, " stopped for %.1f ms", process->scan.pause_seconds * 1000);
    if (process->scan.unreadable_bytes) {
        fputs("; ", out);
        print_size(out, process->scan.unreadable_bytes);
        fputs(" could not be read", out);
    }
    fputc('\n', out);
}

void print_what_hangs_on(FILE *out, const struct report_site *site, bool verbose) {
    if (site->indirect_blocks) {
        fputs("      + ", out);
        print_amount(out, SITE_HEAP, site->indirect_bytes, site->indirect_blocks);
        fputs(" only they kept alive\n", out);
    }
    if (!verbose || !site->targets_all || !site->example_count)
        return;
    fprintf(out, "      the one at 0x%" PRIx64 " points to", site->examples[0].address);
    for (size_t i = 0; i < site->target_count; i++) {
        fprintf(out, "%s0x%" PRIx64 " (", i ? ", " : " ", site->targets[i].address);
        print_count(out, site->targets[i].bytes, "byte");
        fputc(')', out);
    }
    if (site->targets_all > site->target_count) {
        fputs(" and ", out);
        print_count(out, site->targets_all - site->target_count, "more block");
    }
    fputc('\n', out);
}
