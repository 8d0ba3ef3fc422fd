// See gate.h. Called by the run, report and check commands, and by serve.c.
#include "analyzer/gate/gate.h"

#include "analyzer/gate/baseline.h"
#include "analyzer/gate/judge.h"
#include "analyzer/gate/lines.h"
#include "analyzer/gate/program_suppressions.h"
#include "analyzer/gate/suppressions.h"
#include "analyzer/report/outfile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gate {
    const struct options *options;
    struct baseline *known; // --baseline; NULL: none
    struct suppressions *suppressions;
    struct baseline *old; // what stood in --write-baseline's file; NULL: nothing
};

static int read_baselines(struct gate *gate, char *message, size_t message_bytes) {
    const struct options *options = gate->options;
    const char *known = options->baseline, *written = options->write_baseline;
    bool replaced = known && written && strcmp(known, written) == 0;
    int rc = 0;
    if (known) {
        rc = baseline_read(known, replaced, &gate->known, message, message_bytes);
        if (rc == -ENOENT && replaced)
            rc = 0;
    }
    if (rc == 0 && written) {
        rc = baseline_read(written, true, &gate->old, message, message_bytes);
        if (rc == -ENOENT)
            rc = 0;
    }
    if (rc == 0 && written && (rc = outfile_check(written)) < 0)
        snprintf(message, message_bytes, "cannot write the baseline '%s': %s", written, strerror(-rc));
    return rc;
}

int gate_open(const struct options *options, struct gate **out, char *message, size_t message_bytes) {
    struct gate *gate = calloc(1, sizeof *gate);
    if (!gate) {
        snprintf(message, message_bytes, "no memory left");
        return -ENOMEM;
    }
    gate->options = options;
    gate->suppressions = suppressions_new();
    int rc = read_baselines(gate, message, message_bytes);
    for (size_t i = 0; rc == 0 && i < options->suppression_count; i++)
        rc = suppressions_read(gate->suppressions, options->suppressions[i], message, message_bytes);
    if (rc < 0) {
        gate_close(gate);
        return rc;
    }
    *out = gate;
    return 0;
}

void gate_close(struct gate *gate) {
    if (!gate)
        return;
    baseline_free(gate->known);
    baseline_free(gate->old);
    suppressions_free(gate->suppressions);
    free(gate);
}

static void list_gone(const struct baseline *baseline, struct lines *remarks) {
    for (size_t i = 0; i < baseline->count; i++)
        if (!baseline->lines[i].occurred)
            lines_add(remarks, "no longer occurs: %s %s %s", baseline->lines[i].id,
                      verdict_name(baseline->lines[i].verdict), baseline->lines[i].hint);
}

// Those that somebody wrote down and that nothing needs any more, and what each took out.
static void list_suppressions(const struct suppressions *all, struct lines *remarks) {
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i].place && !all->list[i].sites)
            lines_add(remarks, "suppresses nothing: %s: %s", all->list[i].place, all->list[i].name);
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i].sites)
            lines_add(remarks, "suppressed %" PRIu64 " in %" PRIu64 " bytes: %s", all->list[i].resources,
                      all->list[i].bytes, all->list[i].name);
}

// The program's own for LeakSanitizer. What is wrong with them is a remark: the run is over.
static void add_those_of(struct suppressions *all, const char *program, struct lines *remarks) {
    char *text = NULL, message[512];
    int rc = program_suppressions(program, &text);
    if (rc == 0 && suppressions_parse(all, text, strlen(text), program, message, sizeof message) < 0)
        lines_add(remarks, "the program's __lsan_default_suppressions() are not used: %s", message);
    else if (rc == -ENOTSUP)
        lines_add(remarks,
                  "%s: __lsan_default_suppressions() does more than return a constant, and seep does not "
                  "call it; put them "
                  "into a file for --suppressions",
                  program);
    free(text);
}

static void add_programs_suppressions(struct suppressions *all, const struct report *report,
                                      struct lines *remarks) {
    for (size_t i = 0; i < report->process_count; i++) {
        const char *program = report->processes[i].executable;
        bool again = !program;
        for (size_t k = 0; k < i && !again; k++)
            again = report->processes[k].executable && strcmp(report->processes[k].executable, program) == 0;
        if (!again)
            add_those_of(all, program, remarks);
    }
}

void gate_apply(struct gate *gate, struct report *report) {
    struct lines remarks = {.arena = report->arena};
    if (gate->options->command ==
        COMMAND_RUN) // else the program may be another by now; the report has the result
        add_programs_suppressions(gate->suppressions, report, &remarks);
    suppressions_add_built_in(gate->suppressions);
    suppressions_apply(gate->suppressions, report);
    if (gate->known) {
        baseline_mark(gate->known, report);
        list_gone(gate->known, &remarks);
    }
    if (gate->options->verbosity > 0)
        list_suppressions(gate->suppressions, &remarks);
    if (gate->options->fail_on_given)
        gate_judge(report, gate->options);
    if (remarks.count || gate->known) { // else those of a saved report stay
        report->remarks = remarks.list;
        report->remark_count = remarks.count;
    }
}

// Kinds that are worth knowing: those that can trip a gate.
static uint32_t kinds_to_write(const struct options *options) {
    return (((1u << VERDICTS) - 1) & ~(1u << VERDICT_REACHABLE)) | options->fail_on;
}

int gate_conclude(struct gate *gate, const struct report *report, char *message, size_t message_bytes) {
    const struct options *options = gate->options;
    bool asked = options->fail_on_given || options->write_baseline;
    if (asked && !gate_saw_something(report)) {
        snprintf(message, message_bytes, "no process was recorded, so there is nothing to judge");
        return -ENODATA;
    }
    if (options->write_baseline) {
        int rc = baseline_write(options->write_baseline, gate->old, report, kinds_to_write(options), message,
                                message_bytes);
        if (rc < 0)
            return rc;
    }
    return report->gate && report->gate->tripped;
}
