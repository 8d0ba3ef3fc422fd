// The text report's frame: the summary (text_summary.c), where the
// memory went (text_memory.c), a section per process with its sites (text_sites.c),
// the closing line. Prints only to the stream it is given; called through the table of formats.
#include "analyzer/report/text.h"

#include "analyzer/report/escape.h"
#include "analyzer/report/units.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { COMMAND_BYTES = 200 }; // of a command line, unless -v

static bool has_listed_site(const struct report_process *process, const struct options *options) {
    for (size_t i = 0; i < process->site_count; i++)
        if (site_printed(&process->sites[i], options))
            return true;
    return false;
}

static bool has_section(const struct report_process *process, const struct options *options) {
    if (options->verbosity > 0)
        return true;
    return process->end.how != END_EXEC &&
           (has_listed_site(process, options) || text_has_unattributed(process, options));
}

void print_command(FILE *out, const char *const *words, size_t count, bool whole) {
    size_t printed = 0;
    for (size_t i = 0; i < count; i++) {
        printed += strlen(words[i]) + 1;
        if (i > 0 && printed > COMMAND_BYTES && !whole) {
            fputs(" ... (", out);
            print_count(out, count - i, "more argument");
            fputc(')', out);
            return;
        }
        if (i > 0)
            fputc(' ', out);
        escape_print_word(out, words[i]);
    }
}

// --- a section
// --------------------------------------------------------------------------------------------------

void print_end(FILE *out, const struct report_process *process) {
    switch (process->end.how) {
    case END_EXIT:
        if (process->end.code_known)
            fprintf(out, "exited with status %" PRId64, process->end.code);
        else
            fputs("exited, with what status is not known", out);
        return;
    case END_SIGNAL: {
        const char *name = sigabbrev_np((int)process->end.signal);
        if (name)
            fprintf(out, "killed by SIG%s", name);
        else
            fprintf(out, "killed by signal %" PRId64, process->end.signal);
        return;
    }
    case END_EXEC:
        fputs("replaced by exec, its blocks went with its address space", out);
        return;
    case END_RUNNING:
        fputs("still running when this was written", out);
        return;
    case END_UNKNOWN:
        fputs("not known how it ended", out);
        return;
    }
}

static void print_heap_line(FILE *out, const struct heap_totals *heap, bool verbose) {
    fputs("  heap    ", out);
    print_amount(out, SITE_HEAP, heap->outstanding_bytes, heap->outstanding_blocks);
    fputs(" still allocated; ", out);
    print_count(out, heap->allocations, "allocation");
    fputs(", ", out);
    print_count(out, heap->frees, "free");
    fputs(", peak ", out);
    print_size(out, heap->peak_bytes);
    fputc('\n', out);
    if (!verbose)
        return;
    fputs("  totals  ", out);
    print_size_exact(out, heap->allocated_bytes);
    fputs(" allocated in all; peak ", out);
    print_count(out, heap->peak_bytes, "byte");
    fputs("; ", out);
    print_count(out, heap->unmatched_frees, "free");
    fputs(" of blocks that are older than seep\n", out);
}

static void print_map_line(FILE *out, const struct map_totals *map, bool verbose) {
    if (map->mapped == 0 && !verbose)
        return;
    fputs("  map     ", out);
    print_amount(out, SITE_MAP, map->outstanding_bytes, map->outstanding_regions);
    fputs(" still mapped", out);
    if (map->resident_bytes >= 0) {
        fputs(", resident ", out);
        print_size(out, (uint64_t)map->resident_bytes);
    }
    fputs("; ", out);
    print_number(out, map->mapped);
    fputs(" mapped, ", out);
    print_number(out, map->unmapped);
    fputs(" unmapped\n", out);
    if (map->runtime_regions) {
        fputs("          of these, ", out);
        print_amount(out, SITE_MAP, map->runtime_bytes, map->runtime_regions);
        fputs(" by an allocator or a language's runtime for itself\n", out);
    }
    if (!verbose)
        return;
    if (map->vanished_bytes) {
        fputs("          ", out);
        print_size_exact(out, map->vanished_bytes);
        fputs(" more unmapped by calls that seep does not see\n", out);
    }
    if (map->unattributed_regions > 0) {
        fputs("          besides, ", out);
        print_amount(out, SITE_MAP, (uint64_t)map->unattributed_bytes, (uint64_t)map->unattributed_regions);
        fputs(" unattributed: anonymous memory that no recorded call mapped\n", out);
    }
}

static void print_heading(FILE *out, const struct report_process *process, const struct options *options) {
    static const char *const begin[] = {
        [BEGIN_EXEC] = "exec", [BEGIN_FORK] = "fork", [BEGIN_ATTACH] = "attach"};
    bool verbose = options->verbosity > 0;
    fprintf(out, "\n== process %" PRId64 "  ", process->pid);
    escape_print(out, process->executable ? process->executable : "(executable not known)");
    fputs("\n  ran     ", out);
    print_command(out, process->argv, process->argc, verbose);
    fprintf(out, "\n  began   by %s, child of %" PRId64 "\n  ended   ", begin[process->begin],
            process->parent_pid);
    print_end(out, process);
    fputc('\n', out);
    if (process->heap_tracked)
        print_heap_line(out, &process->heap, verbose);
    print_verdicts(out, &process->verdicts, "    ");
    print_scan(out, process, verbose);
    if (process->fd_tracked)
        print_fd_line(out, &process->fd);
    if (process->map_tracked)
        print_map_line(out, &process->map, verbose);
    if (!process->exact) {
        fputs("  off by  ", out);
        if (process->lost_records)
            print_count(out, process->lost_records, "lost record");
        else
            fputs("an amount that is not known; the summary says why", out);
        fputc('\n', out);
    }
    if (process->truncated_stacks) {
        fputs("  stacks  ", out);
        print_count(out, process->truncated_stacks, "stack");
        fputs(" could not be followed to the start of the thread\n", out);
    }
}

// What stands above the prompt: all that is left and not suppressed.
static void print_closing(FILE *out, const struct report *report, const struct text_sums *sums) {
    uint64_t blocks = sums->blocks - sums->suppressed_blocks, bytes = sums->bytes - sums->suppressed_bytes;
    const char *before = "\nseep: ";
    if (blocks) {
        fputs(before, out);
        print_amount(out, SITE_HEAP, bytes, blocks);
        fputs(" still allocated at the end, from ", out);
        print_count(out, sums->sites - sums->suppressed_sites, "site");
        before = "; ";
    }
    for (enum site_kind kind = SITE_FD; kind < SITE_KINDS; kind++)
        if (sums->resources[kind]) {
            fputs(before, out);
            print_amount(out, kind, sums->map_bytes, sums->resources[kind]);
            fputs(kind == SITE_FD ? " still open" : " still mapped", out);
            fputs(blocks ? "" : " at the end", out);
            before = "; ";
        }
    if (before[0] == ';')
        fputs(report->exact ? ".\n" : "; NOT EXACT, see above.\n", out);
}

int report_write_text(const struct report *report, const struct options *options, FILE *out) {
    struct text_sums sums = text_add_up(report, options);
    print_summary(out, report, &sums, options);
    print_memory(out, report, options);
    size_t sections = 0;
    for (size_t i = 0; i < report->process_count && options->verbosity >= 0; i++) {
        const struct report_process *process = &report->processes[i];
        if (!has_section(process, options))
            continue;
        print_heading(out, process, options);
        print_sites(out, process, options);
        print_unattributed(out, process, options);
        print_fd_rest(out, process, options);
        sections++;
    }
    if (sections > 0) {
        print_nameless(out, report, options);
        print_closing(out, report, &sums);
    }
    print_gate_remarks(out, report, options);
    print_gate_result(out, report->gate);
    return ferror(out) ? -EIO : 0;
}
