// See assemble.h. Called by command_run.c and serve.c after the session has been served.
#include "analyzer/assemble.h"
#include "analyzer/memory/account.h"
#include "analyzer/go_runtime.h"
#include "analyzer/owners.h"
#include "analyzer/process_account.h"
#include "analyzer/assemble_descriptors.h"
#include "analyzer/site_id.h"
#include "analyzer/sites.h"
#include "analyzer/symbols/symbols.h"
#include "analyzer/unattributed.h"
#include "analyzer/vector.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

struct assembling {
    struct report *report;
    size_t reason_room;
};

static void doubt(struct assembling *a, const char *reason) {
    struct report *report = a->report;
    report->exact = false;
    for (size_t i = 0; i < report->inexact_count; i++)
        if (strcmp(report->inexact_because[i], reason) == 0)
            return;
    // The array lives in the arena: grown by copying, there are few.
    const char **fresh = arena_array(report->arena, const char *, report->inexact_count + 1);
    if (report->inexact_count)
        memcpy(fresh, report->inexact_because, report->inexact_count * sizeof *fresh);
    fresh[report->inexact_count++] = reason;
    report->inexact_because = fresh;
}

// What may make a process's figures wrong, in words.
static void doubt_process(struct assembling *a, const struct process *p, struct report_process *out) {
    struct arena *arena = a->report->arena;
    const char *who = arena_printf(arena, "pid %d (%s)", (int)p->pid, p->executable ? p->executable : "?");
    bool exact = true;
#define DOUBT(when, ...)                                                                                     \
    if (when) {                                                                                              \
        exact = false;                                                                                       \
        doubt(a, arena_printf(arena, __VA_ARGS__));                                                          \
    }
    DOUBT(p->regret, "%s could not take seep's memory (%s) and ran unrecorded", who, strerror(p->regret))
    DOUBT(p->notes & NOTE_HEAP_BYPASSED, "%s defines malloc itself, so its heap calls do not reach seep", who)
    DOUBT(p->notes & NOTE_DEEP_BOUND,
          "%s loads libraries with RTLD_DEEPBIND, whose calls do not reach seep: what they allocate is not "
          "seen, "
          "and what they free may look leaked",
          who)
    DOUBT(p->notes & NOTE_NAMESPACE,
          "%s loads libraries into another namespace (dlmopen): what they acquire is not seen", who)
    DOUBT(p->lost_records, "%s: %" PRIu64 " events were not recorded", who, p->lost_records)
    DOUBT(p->invalid_records, "%s: %" PRIu64 " records were damaged", who, p->invalid_records)
    DOUBT(p->ledger_doubts.missing, "%s: %" PRIu64 " events of descriptors and mappings did not arrive", who,
          p->ledger_doubts.missing)
    DOUBT(p->ledger_doubts.late, "%s: %" PRIu64 " events of descriptors and mappings arrived out of order",
          who, p->ledger_doubts.late)
    DOUBT(p->counts.superseded, "%s: %" PRIu64 " blocks were freed by calls that seep does not see", who,
          p->counts.superseded)
    DOUBT(p->notes & NOTE_NO_UNWINDER, "%s: libunwind could not be loaded there, so stacks have one frame",
          who)
    DOUBT(p->harvest.damaged_stacks, "%s: %zu stacks were damaged", who, p->harvest.damaged_stacks)
    DOUBT(p->stacks_different, "%s: %" PRIu32 " of %" PRIu32 " stacks differ from libunwind's", who,
          p->stacks_different, p->stacks_compared)
#undef DOUBT
    out->exact = exact;
}

static void fill_arguments(struct report_process *out, const struct process *p, struct arena *arena) {
    size_t count = 0;
    for (size_t at = 0; at < p->arguments_bytes; at += strlen(p->arguments + at) + 1)
        count++;
    out->argv = arena_array(arena, const char *, count);
    for (size_t at = 0; at < p->arguments_bytes; at += strlen(p->arguments + at) + 1)
        out->argv[out->argc++] = arena_strdup(arena, p->arguments + at);
}

// Why blocks are unclassified, of a process that was not looked at in its last moment.
static const char *why_no_scan(const struct process *p, const struct options *options) {
    if (!options->verdict)
        return "--verdict off";
    if (p->scan.refused)
        return p->scan.refused;
    if (p->scan.untraced && (p->end == END_EXIT || p->end == END_SIGNAL))
        return p->scan.untraced;
    switch (p->end) {
    case END_SIGNAL:
        return p->end_signal == SIGKILL || p->traced
                   ? "a signal ended it before it could be stopped"
                   : "a signal ended it before it could be stopped; --verdict trace looks at it then, too";
    case END_EXEC:
        return "another program took its place";
    case END_RUNNING:
        return "it was still running";
    default:
        return p->traced
                   ? "it ended without a call of exit or _exit that could be seen"
                   : "it ended without a call of exit or _exit that could be seen; --verdict trace looks "
                     "at it then, too";
    }
}

static void fill_scan(const struct process *p, struct report_process *out, const struct options *options,
                      struct arena *arena) {
    out->scan.done = p->scan.done;
    if (!p->scan.done) {
        out->scan.refused = arena_strdup(arena, why_no_scan(p, options));
        return;
    }
    out->scan.pause_seconds = (double)p->scan.pause_ns / 1e9;
    out->scan.reading_seconds = (double)p->scan.reading.reading_ns / 1e9;
    out->scan.threads = p->scan.threads;
    out->scan.root_bytes = p->scan.reading.root_bytes;
    out->scan.scanned_bytes = p->scan.reading.scanned_bytes;
    out->scan.unreadable_bytes = p->scan.reading.unreadable_bytes;
    out->scan.hidden_requests = p->scan.reading.hidden_requests;
}

static void fill_map(struct report_process *out, const struct process *p) {
    const struct mapping_counts *counts = &p->mapping_counts;
    out->map = (struct map_totals){.mapped = counts->mapped,
                                   .unmapped = counts->unmapped,
                                   .outstanding_regions = counts->outstanding,
                                   .outstanding_bytes = counts->outstanding_bytes,
                                   .resident_bytes = p->mapped_resident_bytes,
                                   .vanished_bytes = counts->vanished_bytes,
                                   .unattributed_regions = -1,
                                   .unattributed_bytes = -1};
    if (p->looked_at_end && p->look) {
        struct account_unattributed found = account_unattributed(p->look);
        out->map.unattributed_regions = (int64_t)found.regions;
        out->map.unattributed_bytes = (int64_t)found.bytes;
    }
}

static void fill_process(struct assembling *a, const struct process *p, struct report_process *out,
                         const struct options *options, struct symbols *symbols) {
    struct arena *arena = a->report->arena;
    out->pid = p->pid;
    out->parent_pid = p->parent_pid;
    out->executable = arena_strdup(arena, p->executable);
    fill_arguments(out, p, arena);
    out->begin = p->begin;
    out->end.how = p->end;
    out->end.code = p->end_code;
    out->end.code_known = p->end_code_known;
    out->end.signal = p->end_signal;
    out->lost_records = p->lost_records;
    out->truncated_stacks = p->truncated_stacks;
    out->stacks_compared = p->stacks_compared;
    out->stacks_different = p->stacks_different;
    out->heap_tracked = options->track & TRACK_HEAP;
    out->heap = (struct heap_totals){.allocations = p->counts.acquired,
                                     .frees = p->counts.released,
                                     .allocated_bytes = p->counts.acquired_bytes,
                                     .peak_bytes = p->counts.peak_bytes,
                                     .outstanding_blocks = p->counts.live_blocks,
                                     .outstanding_bytes = p->counts.live_bytes,
                                     .unmatched_frees = p->counts.waiting_releases};
    for (size_t i = 0; i < p->harvest.group_count; i++) {
        const struct harvested_group *group = &p->harvest.groups[i];
        if (group->kind != SITE_HEAP)
            continue;
        out->verdicts.by[group->verdict].blocks += group->count;
        out->verdicts.by[group->verdict].bytes += group->bytes;
    }
    fill_scan(p, out, options, arena);
    if (options->track & TRACK_FD)
        assemble_descriptors(out, p, symbols, arena);
    sites_build(out, &p->harvest, symbols, arena);
    out->map_tracked = options->track & TRACK_MAP;
    if (out->map_tracked)
        fill_map(out, p);
    unattributed_group(out, p, arena);
    owners_set_aside(out, p->allocator);
    go_runtime_set_aside(out);
    sites_build_acquired(out, &p->harvest, symbols, arena);
    doubt_process(a, p, out);
}

struct report *assemble_report(const struct session *session, const struct options *options,
                               const struct assemble_facts *facts) {
    struct assembling a = {.report = report_new()};
    struct report *report = a.report;
    struct arena *arena = report->arena;
    report->seep_version = SEEP_VERSION;
    while (facts->command[report->command_count])
        report->command_count++;
    report->command = arena_array(arena, const char *, report->command_count);
    for (size_t i = 0; i < report->command_count; i++)
        report->command[i] = arena_strdup(arena, facts->command[i]);
    report->started = arena_strdup(arena, facts->started);
    report->duration_seconds = facts->duration_seconds;
    report->exact = true;
    if (session->lost_processes)
        doubt(&a, arena_printf(arena, "%" PRIu64 " forked processes found no place and ran unrecorded",
                               session->lost_processes));
    if (session->lost_stacks)
        doubt(&a, arena_printf(arena, "the stack table was full: %" PRIu64 " frames were lost",
                               session->lost_stacks));
    if (session->lost_modules)
        doubt(&a,
              arena_printf(arena, "the table of loaded objects was full: some frames have addresses only"));
    if (session->failed_meetings)
        doubt(&a, arena_printf(arena, "%" PRIu64 " processes could not be taken in and ran unrecorded",
                               session->failed_meetings));

    struct symbols *symbols = foresight_symbols(session->foresight);
    report->processes = arena_array(arena, struct report_process, session->process_count);
    report->process_count = session->process_count;
    for (size_t i = 0; i < session->process_count; i++)
        fill_process(&a, session->processes[i], &report->processes[i], options, symbols);
    site_ids_assign(report);
    for (size_t i = 0; i < report->process_count; i++) {
        sites_sort(&report->processes[i]);
        report->processes[i].memory = process_account(session->processes[i], &report->processes[i], arena);
    }
    return report;
}
