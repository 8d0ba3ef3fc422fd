// Where the memory went, in the text report: a line in the summary, and a table of the process that takes
// most. Written for whoever's service was killed for its memory: the largest first, and what to do. Called by
// text.c and text_summary.c only.
#include "analyzer/report/text.h"

#include "analyzer/report/escape.h"
#include "analyzer/report/memory.h"
#include "analyzer/report/units.h"

#include <inttypes.h>
#include <string.h>

enum {
    ROWS_SHOWN = 10,  // of a table, unless -v
    FULL_PERCENT = 80 // of its limit: what is charged to a control group is somebody's trouble
};
static const uint64_t worth_a_table = 32 << 20; // less is nobody's trouble, unless -v asks

const struct report_process *text_largest_process(const struct report *report) {
    const struct report_process *largest = NULL;
    for (size_t i = 0; i < report->process_count; i++) {
        const struct report_process *process = &report->processes[i];
        if (process->memory && (!largest || process->memory->rss_bytes > largest->memory->rss_bytes))
            largest = process;
    }
    return largest;
}

static const struct report_site *site_of(const struct report_process *process, const char *id) {
    for (size_t i = 0; id && i < process->site_count; i++)
        if (strcmp(process->sites[i].id, id) == 0)
            return &process->sites[i];
    return NULL;
}

static void print_live(FILE *out, int verdict) {
    static const char *const words[] = {[VERDICT_DEFINITE] = "definitely lost",
                                        [VERDICT_INDIRECT] = "indirectly lost",
                                        [VERDICT_POSSIBLE] = "possibly lost",
                                        [VERDICT_REACHABLE] = "still reachable",
                                        [VERDICT_UNCLASSIFIED] = "still allocated"};
    fprintf(out, "heap: blocks %s", verdict >= 0 && verdict < VERDICT_OPEN ? words[verdict] : "in use");
}

static void print_mapping(FILE *out, const struct report_process *process, const char *id) {
    const struct report_site *site = site_of(process, id);
    const struct report_frame *frame = site ? telling_frame(site) : NULL;
    fputs("mapped by ", out);
    if (frame)
        print_frame(out, frame, 0);
    else
        fputs("the program", out);
}

static void print_named(FILE *out, const char *what, const char *file) {
    fputs(what, out);
    if (file) {
        fputc(' ', out);
        escape_print(out, file);
    }
}

static void print_subject(FILE *out, const struct report_process *process,
                          const struct report_memory_row *row) {
    switch (row->what) {
    case MEMORY_ROW_HEAP_LIVE:
        print_live(out, row->verdict);
        return;
    case MEMORY_ROW_HEAP_OVERHEAD:
        fputs("heap: headers and rounding of these blocks", out);
        return;
    case MEMORY_ROW_HEAP_FREE_PAGES:
        fputs("heap: held by the allocator but free, whole pages", out);
        return;
    case MEMORY_ROW_HEAP_FREE_PIECES:
        fputs("heap: held by the allocator but free, beside blocks in use", out);
        return;
    case MEMORY_ROW_HEAP_UNDIVIDED:
        fputs("heap: in use or free (not all blocks of this process are known)", out);
        return;
    case MEMORY_ROW_MAPPING:
        print_mapping(out, process, row->site);
        if (row->file)
            print_named(out, "  (of", row->file);
        fputs(row->file ? ")" : "", out);
        return;
    case MEMORY_ROW_STACKS:
        fputs("stacks of threads", out);
        return;
    case MEMORY_ROW_FILE:
        print_named(out, "file", row->file);
        return;
    case MEMORY_ROW_SHARED:
        print_named(out, "shared memory", row->file);
        return;
    case MEMORY_ROW_GO_HEAP:
        fputs("Go heap", out);
        return;
    case MEMORY_ROW_SEEP:
        fputs("seep itself (not there without it)", out);
        return;
    case MEMORY_ROW_UNATTRIBUTED:
    case MEMORY_ROWS:
        break;
    }
    fputs("unattributed anonymous memory", out);
}

// Columns as in the summary's list of sites.
static void print_cells(FILE *out, uint64_t part, uint64_t whole) {
    char share[32], size[32];
    FILE *cell = fmemopen(share, sizeof share, "w");
    if (cell) {
        print_share(cell, part, whole);
        fclose(cell);
    }
    FILE *other = fmemopen(size, sizeof size, "w");
    if (other) {
        print_size(other, part);
        fclose(other);
    }
    fprintf(out, "  %8s  %11s  ", cell ? share : "", other ? size : "");
}

static void print_rows(FILE *out, const struct report_process *process, bool all) {
    const struct report_memory *memory = process->memory;
    size_t shown = all || memory->row_count <= ROWS_SHOWN + 1 ? memory->row_count : ROWS_SHOWN;
    uint64_t rest = 0;
    for (size_t i = 0; i < memory->row_count; i++) {
        if (i >= shown) {
            rest = add_saturating(rest, memory->rows[i].bytes);
            continue;
        }
        print_cells(out, memory->rows[i].bytes, memory->rss_bytes);
        print_subject(out, process, &memory->rows[i]);
        fputc('\n', out);
    }
    if (shown < memory->row_count) {
        print_cells(out, rest, memory->rss_bytes);
        print_number(out, memory->row_count - shown);
        fputs(" smaller ones; -v shows all\n", out);
    }
}

static void print_figure(FILE *out, const char *before, int64_t bytes, const char *after) {
    if (bytes < 0)
        return;
    fputs(before, out);
    print_size(out, (uint64_t)bytes);
    fputs(after, out);
}

// One line: what is charged, and which of it the kernel can take back before it kills.
static void print_cgroup(FILE *out, const struct report_cgroup *cgroup) {
    fputs("  Its control group ", out);
    escape_print(out, cgroup->path);
    fputs(" is charged ", out);
    if (cgroup->current_bytes >= 0)
        print_size(out, (uint64_t)cgroup->current_bytes);
    else
        fputs("an unknown amount", out);
    print_figure(out, " of at most ", cgroup->limit_bytes, "");
    print_figure(out, ": ", cgroup->anonymous_bytes, " anonymous");
    print_figure(out, ", ", cgroup->page_cache_bytes, " page cache, which the kernel drops before it kills");
    print_figure(out, ", ", cgroup->shared_bytes, " shared memory and tmpfs");
    if (cgroup->kernel_bytes > 0)
        print_figure(out, ", ", cgroup->kernel_bytes, " of the kernel's");
    fputs(".\n", out);
}

static void print_when(FILE *out, const struct report_memory *memory) {
    if (memory->age_seconds > 0)
        fprintf(out, "as of %.1f s before its end", memory->age_seconds);
    else
        fputs("at its end", out);
}

static void print_table(FILE *out, const struct report_process *process, bool all) {
    const struct report_memory *memory = process->memory;
    fputs("\n  ", out);
    print_size_exact(out, memory->rss_bytes);
    fputs(" resident ", out);
    print_when(out, memory);
    print_figure(out, ", ", memory->peak_rss_bytes, " at its peak");
    print_figure(out, "; ", (int64_t)memory->pss_bytes, " with shared pages divided (PSS)");
    if (memory->swap_bytes)
        print_figure(out, "; ", (int64_t)memory->swap_bytes, " swapped out");
    if (memory->hugetlb_bytes)
        print_figure(out, "; and ", (int64_t)memory->hugetlb_bytes, " of huge page pools");
    fputs(memory->estimated ? ". Estimated where one area holds several:\n" : ":\n", out);
    print_rows(out, process, all);
    if (memory->live_untouched_bytes > 0)
        print_figure(out, "  Of the blocks in use, another ", memory->live_untouched_bytes,
                     memory->age_seconds > 0
                         ? " was not resident then: newer, never touched, or swapped out.\n"
                         : " is not resident: never touched, or swapped out.\n");
    if (memory->remedy) {
        fputs("  ", out);
        escape_print(out, memory->remedy);
        fputc('\n', out);
    }
    if (memory->killed)
        fputs("  The kernel killed this process because its control group was full.\n", out);
    if (memory->cgroup && (all || memory->cgroup->limit_bytes >= 0))
        print_cgroup(out, memory->cgroup);
}

// The process is large, or its control group is nearly full, be it of page cache.
static bool is_worth_a_table(const struct report_memory *memory) {
    const struct report_cgroup *cgroup = memory->cgroup;
    bool full = cgroup && cgroup->limit_bytes > 0 && cgroup->current_bytes >= 0 &&
                (double)cgroup->current_bytes * 100 >= (double)cgroup->limit_bytes * FULL_PERCENT;
    return memory->rss_bytes >= worth_a_table || full;
}

void print_memory(FILE *out, const struct report *report, const struct options *options) {
    const struct report_process *largest = text_largest_process(report);
    bool verbose = options->verbosity > 0;
    for (size_t i = 0; i < report->process_count && options->verbosity >= 0; i++) {
        const struct report_process *process = &report->processes[i];
        if (!process->memory || (!verbose && (process != largest || !is_worth_a_table(process->memory))))
            continue;
        fprintf(out, "\n== where the memory of process %" PRId64 " was", process->pid);
        print_table(out, process, verbose);
    }
}

void print_memory_summary(FILE *out, const struct report *report) {
    const struct report_process *process = text_largest_process(report);
    const struct report_memory_row *row = NULL;
    if (!process)
        return;
    const struct report_memory *memory = process->memory;
    for (size_t i = 0; i < memory->row_count && !row; i++)
        if (!memory_row_is_heap(memory->rows[i].what) && memory->rows[i].what != MEMORY_ROW_SEEP)
            row = &memory->rows[i];
    uint64_t held = 0;
    for (size_t i = 0; i < memory->row_count; i++)
        if (memory->rows[i].what == MEMORY_ROW_HEAP_FREE_PAGES ||
            memory->rows[i].what == MEMORY_ROW_HEAP_FREE_PIECES)
            held = add_saturating(held, memory->rows[i].bytes);
    fputs("Resident ", out);
    print_when(out, memory);
    fputs(": ", out);
    print_size(out, memory->rss_bytes);
    if (report->process_count > 1)
        fprintf(out, " (process %" PRId64 ", the largest)", process->pid);
    if (memory->killed)
        fputs("; the kernel killed it because its control group was full", out);
    if (memory->remedy && held <= INT64_MAX)
        print_figure(out, "; ", (int64_t)held, " of it is free, but held by the allocator");
    if (row) {
        fputs("; the most of it that is no heap: ", out);
        print_size(out, row->bytes);
        fputs(", ", out);
        print_subject(out, process, row);
    }
    fputs(".\n", out);
}
