// See gate.h. Called by the run, report and check commands, and by serve.c.
#include "analyzer/gate/gate.h"

#include "analyzer/gate/baseline.h"
#include "analyzer/gate/judge.h"
#include "analyzer/gate/lines.h"
#include "analyzer/report/outfile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gate {
    const struct options *options;
    struct baseline *known; // --baseline; NULL: none
    struct baseline *old;   // what stood in --write-baseline's file; NULL: nothing
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
    if (options->suppression_count) {
        snprintf(message, message_bytes, "--suppressions is not in this version yet");
        return -EINVAL;
    }
    struct gate *gate = calloc(1, sizeof *gate);
    if (!gate) {
        snprintf(message, message_bytes, "no memory left");
        return -ENOMEM;
    }
    gate->options = options;
    int rc = read_baselines(gate, message, message_bytes);
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
    free(gate);
}

static void list_gone(const struct baseline *baseline, struct lines *remarks) {
    for (size_t i = 0; i < baseline->count; i++)
        if (!baseline->lines[i].occurred)
            lines_add(remarks, "no longer occurs: %s %s %s", baseline->lines[i].id,
                      verdict_name(baseline->lines[i].verdict), baseline->lines[i].hint);
}

void gate_apply(struct gate *gate, struct report *report) {
    struct lines remarks = {.arena = report->arena};
    if (gate->known) {
        baseline_mark(gate->known, report);
        list_gone(gate->known, &remarks);
    }
    if (gate->options->fail_on_given)
        gate_judge(report, gate->options);
    if (gate->known) { // else those of a saved report stay
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
