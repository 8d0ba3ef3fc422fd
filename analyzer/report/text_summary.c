// The text report's beginning: what was run, how exact the figures are, how much is outstanding in all and
// where most of it is. Called by text.c only.
#include "analyzer/report/text.h"

#include "analyzer/report/escape.h"
#include "analyzer/report/go_frames.h"
#include "analyzer/report/units.h"
#include "analyzer/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SUMMARY_PLACES = 3 }; // sites named in the summary, unless --top asks for fewer

static bool replaced(const struct report_process *process) {
    return process->end.how == END_EXEC;
}

static void add_sites(struct text_sums *sums, const struct report_process *process,
                      const struct options *options) {
    for (size_t i = 0; i < process->site_count; i++) {
        const struct report_site *site = &process->sites[i];
        sums->resources[site->kind] = add_saturating(sums->resources[site->kind], site->count);
        sums->sites += site->kind == SITE_HEAP;
        if (site->kind == SITE_MAP)
            sums->map_bytes = add_saturating(sums->map_bytes, site->bytes);
        if (site->kind == SITE_HEAP && site->suppressed_by) {
            sums->suppressed_sites++;
            sums->suppressed_blocks = add_saturating(sums->suppressed_blocks, site->count);
            sums->suppressed_bytes = add_saturating(sums->suppressed_bytes, site->bytes);
        } else if (site->kind == SITE_HEAP && site_known(site) && options->verbosity <= 0) {
            sums->known_blocks = add_saturating(sums->known_blocks, site->count);
            sums->known_bytes = add_saturating(sums->known_bytes, site->bytes);
        } else if (site->kind == SITE_HEAP && !site_printed(site, options)) {
            sums->hidden_blocks = add_saturating(sums->hidden_blocks, site->count);
            sums->hidden_bytes = add_saturating(sums->hidden_bytes, site->bytes);
        }
    }
}

struct text_sums text_add_up(const struct report *report, const struct options *options) {
    struct text_sums sums = {0};
    for (size_t i = 0; i < report->process_count; i++) {
        const struct report_process *process = &report->processes[i];
        const struct heap_totals *heap = &process->heap;
        sums.lost_records = add_saturating(sums.lost_records, process->lost_records);
        sums.tracked_processes += process->heap_tracked;
        if (replaced(process)) {
            sums.exec_processes++;
            sums.exec_blocks = add_saturating(sums.exec_blocks, heap->outstanding_blocks);
            sums.exec_bytes = add_saturating(sums.exec_bytes, heap->outstanding_bytes);
            continue;
        }
        sums.allocations = add_saturating(sums.allocations, heap->allocations);
        sums.blocks = add_saturating(sums.blocks, heap->outstanding_blocks);
        sums.bytes = add_saturating(sums.bytes, heap->outstanding_bytes);
        sums.clean_processes += heap->outstanding_blocks == 0 && process->site_count == 0;
        text_add_verdicts(&sums.verdicts, process);
        add_sites(&sums, process, options);
    }
    return sums;
}

// Exact, or by how much it may be off, and why.
static void print_exactness(FILE *out, const struct report *report, uint64_t lost_records) {
    if (report->exact) {
        fputs("figures are exact\n", out);
        return;
    }
    fputs("figures are NOT EXACT\n", out);
    if (lost_records > 0) {
        fputs("NOT EXACT: ", out);
        print_count(out, lost_records, "record");
        fprintf(out, " %s lost; as many allocations or frees may be missing below\n",
                lost_records == 1 ? "was" : "were");
    } else {
        fputs("NOT EXACT: by how much is not known\n", out);
    }
    for (size_t i = 0; i < report->inexact_count; i++) {
        fputs("  because ", out);
        escape_print(out, report->inexact_because[i]);
        fputc('\n', out);
    }
}

static void print_title(FILE *out, const struct report *report, const struct text_sums *sums,
                        const struct options *options) {
    fputs("seep ", out);
    escape_print(out, report->seep_version);
    fputs(": ", out);
    print_command(out, report->command, report->command_count, options->verbosity > 0);
    fputs("\nstarted ", out);
    escape_print(out, report->started);
    if (isfinite(report->duration_seconds))
        fprintf(out, report->duration_seconds < 1 ? ", ran %.0f ms" : ", ran %.2f s",
                report->duration_seconds * (report->duration_seconds < 1 ? 1000 : 1));
    fputs(", ", out);
    print_number(out, report->process_count);
    fprintf(out, " process%s; ", report->process_count == 1 ? "" : "es");
    print_exactness(out, report, sums->lost_records);
}

// --- the summary
// ------------------------------------------------------------------------------------------------

struct place {
    const struct report_site *site; // first, so that site_order() sorts places
    int64_t pid;
};

// Code that came with the system: its libraries, and what its headers put into the program.
static bool of_the_system(const struct report_frame *frame) {
    return (frame->file && begins(frame->file, "/usr/")) ||
           (frame->module && (begins(frame->module, "/usr/lib") || begins(frame->module, "/lib")));
}

const struct report_frame *telling_frame(const struct report_site *site) {
    const struct report_frame *own = NULL;
    for (size_t i = 0; i < site->frame_count; i++) {
        const struct report_frame *frame = &site->frames[i];
        if (of_the_system(frame) || frame_is_go_wrapper(frame))
            continue;
        if (frame->file)
            return frame;
        if (!own && i + 1 < site->frame_count) // the outermost frame is the program's entry
            own = frame;
    }
    return own || !site->frame_count ? own : &site->frames[0];
}

static void print_place(FILE *out, const struct place *place, uint64_t whole_bytes, bool with_pid) {
    char *share = NULL, *size = NULL;
    size_t bytes;
    FILE *column = open_memstream(&share, &bytes);
    if (column) {
        print_share(column, place->site->bytes, whole_bytes);
        fclose(column);
    }
    column = open_memstream(&size, &bytes);
    if (column) {
        print_size(column, place->site->bytes);
        fclose(column);
    }
    fprintf(out, "  %8s  %11s  ", share ? share : "", size ? size : "");
    free(share);
    free(size);
    const struct report_frame *frame = telling_frame(place->site);
    if (frame)
        print_frame(out, frame, 0);
    else
        fputs("(no stack is known)", out);
    if (with_pid)
        fprintf(out, "  [pid %" PRId64 "]", place->pid);
    fputc('\n', out);
}

static void print_places(FILE *out, const struct report *report, const struct options *options,
                         uint64_t whole_bytes) {
    size_t most = 0;
    for (size_t i = 0; i < report->process_count; i++)
        most += report->processes[i].site_count;
    struct arena *arena = arena_new();
    struct place *places = arena_array(arena, struct place, most);
    size_t count = 0;
    for (size_t i = 0; i < report->process_count; i++) {
        const struct report_process *process = &report->processes[i];
        for (size_t s = 0; s < process->site_count && !replaced(process); s++)
            if (process->sites[s].kind == SITE_HEAP && site_printed(&process->sites[s], options))
                places[count++] = (struct place){&process->sites[s], process->pid};
    }
    qsort(places, count, sizeof *places, site_order);
    size_t shown = options->top && options->top < SUMMARY_PLACES ? options->top : SUMMARY_PLACES;
    for (size_t i = 0; i < count && i < shown; i++)
        print_place(out, &places[i], whole_bytes, report->process_count > 1);
    if (count > shown) {
        fputs("            ... and ", out);
        print_count(out, count - shown, "more site");
        fputc('\n', out);
    }
    arena_free(arena);
}

static void print_heap_summary(FILE *out, const struct report *report, const struct text_sums *sums,
                               const struct options *options) {
    if (sums->tracked_processes == 0) {
        fputs(report->process_count ? "The heap was not tracked.\n" : "No process was seen.\n", out);
        return;
    }
    if (sums->blocks == 0) {
        fputs("Nothing is still allocated at the end: ", out);
        print_count(out, sums->allocations, "allocation");
        fputs(sums->allocations ? ", all freed.\n" : ".\n", out);
        return;
    }
    if (sums->suppressed_blocks == sums->blocks) {
        fputs("Nothing is still allocated at the end but ", out);
        print_amount(out, SITE_HEAP, sums->bytes, sums->blocks);
        fputs(" that are suppressed.\n", out);
        return;
    }
    fputs("Still allocated at the end: ", out);
    print_amount(out, SITE_HEAP, sums->bytes, sums->blocks);
    fputs(", from ", out);
    print_count(out, sums->sites, "site");
    fputs(sums->hidden_blocks + sums->suppressed_blocks + sums->known_blocks == sums->blocks ? ".\n" : ":\n",
          out);
    print_verdicts(out, &sums->verdicts, "    ");
    print_places(out, report, options, sums->bytes);
}

static void print_verb(FILE *out, size_t processes, const char *one, const char *many) {
    print_number(out, processes);
    fputs(processes == 1 ? one : many, out);
}

// A crash is news, also of a process that has no section.
static void print_killed(FILE *out, const struct report *report) {
    const struct report_process *first = NULL;
    size_t killed = 0;
    for (size_t i = 0; i < report->process_count; i++) {
        if (report->processes[i].end.how != END_SIGNAL)
            continue;
        first = first ? first : &report->processes[i];
        killed++;
    }
    if (killed == 0)
        return;
    fprintf(out, "Process %" PRId64 " was ", first->pid);
    print_end(out, first);
    if (killed > 1) {
        fputs(", and ", out);
        print_verb(out, killed - 1, " more process by a signal", " more processes by signals");
    }
    fputs(".\n", out);
}

// What the sections below leave out, one line each.
static void print_left_out(FILE *out, const struct report *report, const struct text_sums *sums,
                           const struct options *options) {
    if (sums->hidden_blocks) {
        fputs("Of these, ", out);
        print_amount(out, SITE_HEAP, sums->hidden_bytes, sums->hidden_blocks);
        fputs(" are of kinds that are not listed; --show all lists them.\n", out);
    }
    if (sums->known_blocks) {
        fputs("Of these, ", out);
        print_amount(out, SITE_HEAP, sums->known_bytes, sums->known_blocks);
        fputs(" are known; -v lists them.\n", out);
    }
    if (sums->suppressed_blocks && sums->suppressed_blocks < sums->blocks) {
        fputs("Of these, ", out);
        print_amount(out, SITE_HEAP, sums->suppressed_bytes, sums->suppressed_blocks);
        fputs(" are suppressed.\n", out);
    }
    for (enum site_kind kind = SITE_FD; kind < SITE_KINDS; kind++)
        if (sums->resources[kind]) {
            print_amount(out, kind, sums->map_bytes, sums->resources[kind]);
            fputs(kind == SITE_FD ? " still open at the end.\n" : " still there at the end.\n", out);
        }
    print_unattributed_summary(out, report, options);
    if (sums->exec_processes) {
        print_verb(out, sums->exec_processes, " process replaced itself by exec",
                   " processes replaced themselves by exec");
        if (sums->exec_blocks) {
            fputs("; ", out);
            print_amount(out, SITE_HEAP, sums->exec_bytes, sums->exec_blocks);
            fputs(" went with the old address space", out);
        }
        fputs(sums->exec_blocks && options->verbosity <= 0 ? "; -v lists them.\n" : ".\n", out);
    }
    for (size_t i = 0; i < report->process_count; i++)
        print_fd_warning(out, &report->processes[i]);
    print_killed(out, report);
    if (sums->clean_processes && report->process_count > 1 && sums->blocks)
        print_verb(out, sums->clean_processes, " process has nothing left.\n",
                   " processes have nothing left.\n");
}

void print_summary(FILE *out, const struct report *report, const struct text_sums *sums,
                   const struct options *options) {
    print_title(out, report, sums, options);
    fputc('\n', out);
    print_heap_summary(out, report, sums, options);
    print_left_out(out, report, sums, options);
    print_memory_summary(out, report);
}
