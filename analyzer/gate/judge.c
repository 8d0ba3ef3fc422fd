// See judge.h. Called by gate.c.
#include "analyzer/gate/judge.h"

#include "analyzer/gate/hint.h"
#include "analyzer/gate/lines.h"
#include "analyzer/report/escape.h"
#include "analyzer/report/units.h"
#include "analyzer/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SITES_NAMED = 10, HINT_FUNCTIONS = 4 };

// A site over all processes: what of it counts.
struct offender {
    const struct report_site *site; // as it was met first
    uint64_t count, bytes;          // beyond what is known
    uint64_t worst, allowed;        // of a grown one: the most in one process, and what was allowed there
};

struct offenders {
    struct arena *arena;
    struct offender *all;
    size_t count;
    struct table by_id;
};

// Blocks of an address space that exec replaced went with it.
static bool counts(const struct report_process *process) {
    return process->end.how != END_EXEC;
}

static bool covered(const struct report_site *site) {
    return site->suppressed_by || site_known(site);
}

// How much of a grown site is beyond the limit. Bytes beyond it are not known one by one: the share that the
// count has, or where only the bytes grew, all of them.
static void excess_of(const struct report_site *site, uint64_t *count, uint64_t *bytes) {
    bool grown = site->baseline && strcmp(site->baseline, "grown") == 0;
    *count =
        grown ? site->count - (site->baseline_limit < site->count ? site->baseline_limit : 0) : site->count;
    long double share =
        site->count ? (long double)site->bytes * (long double)*count / (long double)site->count : 0;
    *bytes = *count == site->count || share >= (long double)site->bytes ? site->bytes : (uint64_t)share;
}

static void add_site(struct offenders *found, const struct report_site *site) {
    uint64_t key = strtoull(site->id, NULL, 16), count, bytes;
    int added;
    uint32_t index = *table_at(&found->by_id, key, (uint32_t)found->count, &added);
    struct offender *one = &found->all[index];
    if (added) {
        *one = (struct offender){.site = site};
        found->count++;
    }
    excess_of(site, &count, &bytes);
    one->count = add_saturating(one->count, count);
    one->bytes = add_saturating(one->bytes, bytes);
    if (site->count > one->worst) {
        one->worst = site->count;
        one->allowed = site->baseline_limit;
    }
}

// The sites of one verdict that count, each once.
static void add_up(struct offenders *found, const struct report *report, enum verdict verdict) {
    size_t most = 0;
    for (size_t p = 0; p < report->process_count; p++)
        most += report->processes[p].site_count;
    found->all = arena_array(found->arena, struct offender, most);
    for (size_t p = 0; p < report->process_count; p++)
        for (size_t i = 0; i < report->processes[p].site_count && counts(&report->processes[p]); i++) {
            const struct report_site *site = &report->processes[p].sites[i];
            if (site->verdict == verdict && !covered(site))
                add_site(found, site);
        }
    table_free(&found->by_id);
}

static int most_first(const void *left, const void *right) {
    const struct offender *a = left, *b = right;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return strcmp(a->site->id, b->site->id);
}

// "3 blocks, 72 bytes", "2 descriptors".
static const char *amount(struct arena *arena, enum verdict verdict, uint64_t count, uint64_t bytes) {
    const char *noun = verdict == VERDICT_OPEN     ? "descriptor"
                       : verdict == VERDICT_MAPPED ? "mapping"
                                                   : "block";
    const char *many = count == 1 ? "" : "s";
    if (verdict == VERDICT_OPEN)
        return arena_printf(arena, "%" PRIu64 " %s%s", count, noun, many);
    return arena_printf(arena, "%" PRIu64 " %s%s, %" PRIu64 " byte%s", count, noun, many, bytes,
                        bytes == 1 ? "" : "s");
}

static const char *allowed(struct arena *arena, const struct allowance *limit) {
    if (limit->count_given && limit->bytes_given)
        return arena_printf(arena, "%" PRIu64 " and %" PRIu64 " bytes are", limit->count, limit->bytes);
    if (limit->bytes_given)
        return arena_printf(arena, "%" PRIu64 " bytes are", limit->bytes);
    return limit->count_given
               ? arena_printf(arena, "%" PRIu64 " %s", limit->count, limit->count == 1 ? "is" : "are")
               : "none is";
}

static bool within(const struct allowance *limit, uint64_t count, uint64_t bytes) {
    if (!limit->count_given && !limit->bytes_given)
        return count == 0;
    return (!limit->count_given || count <= limit->count) && (!limit->bytes_given || bytes <= limit->bytes);
}

static void name_sites(struct lines *reasons, struct offenders *found, enum verdict verdict, size_t most) {
    struct arena *arena = reasons->arena;
    qsort(found->all, found->count, sizeof *found->all, most_first);
    for (size_t i = 0; i < found->count && i < most; i++) {
        const struct offender *one = &found->all[i];
        const char *mark = one->site->baseline, *place = site_place(arena, one->site);
        const char *known = "";
        if (mark && strcmp(mark, "grown") == 0 && one->worst > one->allowed)
            known = arena_printf(arena, " more than known, %" PRIu64 " instead of %" PRIu64, one->worst,
                                 one->allowed);
        else if (mark && strcmp(mark, "grown") == 0)
            known = " in more bytes than known";
        lines_add(reasons, "%s%s %s: %s%s: %s%s%s%s", mark ? mark : "", mark ? "" : verdict_name(verdict),
                  one->site->id, amount(arena, verdict, one->count, one->bytes), known,
                  site_hint(arena, one->site, HINT_FUNCTIONS), place ? " (" : "", place ? place : "",
                  place ? ")" : "");
    }
    if (found->count > most)
        lines_add(reasons, "... and %zu more %s sites", found->count - most, verdict_name(verdict));
}

static size_t sites_named(const struct options *options) {
    return options->verbosity > 0 ? SIZE_MAX : SITES_NAMED;
}

// Returns whether there is more than allowed.
static bool judge_verdict(struct report *report, const struct options *options, enum verdict verdict,
                          struct lines *reasons) {
    struct offenders found = {.arena = arena_new()};
    uint64_t count = 0, bytes = 0;
    add_up(&found, report, verdict);
    for (size_t i = 0; i < found.count; i++) {
        count = add_saturating(count, found.all[i].count);
        bytes = add_saturating(bytes, found.all[i].bytes);
    }
    bool failed = found.count && !within(&options->allow[verdict], count, bytes);
    if (failed) {
        lines_add(reasons, "%s: %s from %zu site%s, and %s allowed", verdict_name(verdict),
                  amount(reasons->arena, verdict, count, bytes), found.count, found.count == 1 ? "" : "s",
                  allowed(reasons->arena, &options->allow[verdict]));
        name_sites(reasons, &found, verdict, sites_named(options));
    }
    arena_free(found.arena);
    return failed;
}

// Kinds that verdicts tell apart, and blocks that have none: what was asked for is not known.
static bool judge_unclassified(const struct report *report, const struct options *options,
                               struct lines *reasons) {
    show_set told = 1u << VERDICT_DEFINITE | 1u << VERDICT_INDIRECT | 1u << VERDICT_POSSIBLE;
    if (!(options->fail_on & told) || options->fail_on & 1u << VERDICT_UNCLASSIFIED || options->allow_inexact)
        return false;
    uint64_t count = 0, bytes = 0;
    for (size_t p = 0; p < report->process_count; p++)
        for (size_t i = 0; i < report->processes[p].site_count && counts(&report->processes[p]); i++) {
            const struct report_site *site = &report->processes[p].sites[i];
            if (site->verdict != VERDICT_UNCLASSIFIED || covered(site))
                continue;
            count = add_saturating(count, site->count);
            bytes = add_saturating(bytes, site->bytes);
        }
    bool failed = !within(&options->allow[VERDICT_UNCLASSIFIED], count, bytes);
    if (failed)
        lines_add(reasons,
                  "%s could not be classified, so whether they are lost is not known; --fail-on unclassified "
                  "counts "
                  "them, --allow inexact lets them pass",
                  amount(reasons->arena, VERDICT_UNCLASSIFIED, count, bytes));
    return failed;
}

// A process that became another program, of which nothing was heard.
static bool lost_by_exec(const struct report *report, size_t index) {
    const struct report_process *process = &report->processes[index];
    if (process->end.how != END_EXEC)
        return false;
    for (size_t i = index + 1; i < report->process_count; i++)
        if (report->processes[i].pid == process->pid && report->processes[i].begin == BEGIN_EXEC)
            return false;
    return true;
}

static void judge_exactness(const struct report *report, const struct options *options,
                            struct lines *reasons) {
    if (options->allow_inexact)
        return;
    for (size_t i = 0; i < report->inexact_count; i++)
        lines_add(reasons, "not exact: %s", report->inexact_because[i]);
    if (!report->exact && report->inexact_count == 0)
        lines_add(reasons, "not exact: the report does not say why");
    for (size_t i = 0; i < report->process_count; i++)
        if (lost_by_exec(report, i))
            lines_add(reasons, "pid %" PRId64 " (%s) executed a program that seep could not follow",
                      report->processes[i].pid,
                      report->processes[i].executable ? report->processes[i].executable : "?");
}

bool gate_saw_something(const struct report *report) {
    for (size_t i = 0; i < report->process_count; i++) {
        const struct report_process *process = &report->processes[i];
        if (process->exact || process->heap.allocations || process->site_count)
            return true;
    }
    return false;
}

static void print_words(FILE *out, const char *option, const char *word) {
    fprintf(out, " %s ", option);
    escape_print_word(out, word);
}

// The command that takes what there is now into the baseline: the one that was run, with one option more.
static const char *update_command(const struct report *report, const struct options *options) {
    static const char default_file[] = "seep.baseline";
    bool check = options->command == COMMAND_CHECK || options->command == COMMAND_REPORT;
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        return NULL;
    fputs(check ? "seep check" : "seep run", out);
    print_words(out, "--write-baseline", options->baseline ? options->baseline : default_file);
    for (size_t i = 0; i < options->suppression_count; i++)
        print_words(out, "--suppressions", options->suppressions[i]);
    if (options->fail_on & 1u << VERDICT_REACHABLE)
        fputs(" --fail-on all", out);
    if (!check)
        fputs(" --", out);
    const char *const *words = check ? options->arguments : report->command;
    size_t count = check ? options->argument_count : report->command_count;
    for (size_t i = 0; i < count; i++) {
        fputc(' ', out);
        escape_print_word(out, words[i]);
    }
    fclose(out);
    const char *copy = arena_strdup(report->arena, text);
    free(text);
    return copy;
}

void gate_judge(struct report *report, const struct options *options) {
    struct lines reasons = {.arena = report->arena};
    uint32_t failed = 0;
    for (enum verdict verdict = 0; verdict < VERDICTS && !options->write_baseline; verdict++)
        if (options->fail_on & 1u << verdict && judge_verdict(report, options, verdict, &reasons))
            failed |= 1u << verdict;
    bool sites = failed != 0;
    if (!options->write_baseline && judge_unclassified(report, options, &reasons))
        failed |= 1u << VERDICT_UNCLASSIFIED;
    judge_exactness(report, options, &reasons);
    if (!gate_saw_something(report))
        lines_add(&reasons, "no process was recorded");
    report->gate = arena_alloc(report->arena, sizeof *report->gate);
    *report->gate = (struct report_gate){.tripped = reasons.count > 0,
                                         .failed = failed,
                                         .reasons = reasons.list,
                                         .reason_count = reasons.count,
                                         .update = sites ? update_command(report, options) : NULL};
}
