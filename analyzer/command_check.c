// seep check: the gate on saved reports, as many as are named, merged by site. One line and an exit status;
// what failed follows on stderr.
#include "analyzer/commands.h"
#include "analyzer/complain.h"
#include "analyzer/publish.h"
#include "analyzer/report/escape.h"
#include "analyzer/report/formats.h"
#include "analyzer/report/json.h"
#include "analyzer/report/merge.h"
#include "analyzer/report/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct report **read_all(const struct options *options, char *message, size_t message_bytes) {
    struct report **reports = calloc(options->argument_count, sizeof *reports);
    if (!reports) {
        snprintf(message, message_bytes, "no memory left");
        return NULL;
    }
    for (size_t i = 0; i < options->argument_count; i++)
        if (report_read_json(options->arguments[i], &reports[i], message, message_bytes) < 0) {
            while (i-- > 0)
                report_free(reports[i]);
            free(reports);
            return NULL;
        }
    return reports;
}

static size_t known_sites(const struct report *report) {
    size_t known = 0;
    for (size_t p = 0; p < report->process_count; p++)
        for (size_t i = 0; i < report->processes[p].site_count; i++)
            known += site_known(&report->processes[p].sites[i]);
    return known;
}

static void print_result(FILE *out, const struct report *report, const struct options *options) {
    const struct report_gate *gate = report->gate;
    if (!gate->tripped) {
        fprintf(out, "seep check: passed: %zu process%s in %zu report%s", report->process_count,
                report->process_count == 1 ? "" : "es", options->argument_count,
                options->argument_count == 1 ? "" : "s");
        size_t known = known_sites(report);
        if (known)
            fprintf(out, ", %zu known site%s", known, known == 1 ? "" : "s");
        fputs(report->exact ? "\n" : ", not exact\n", out);
        return;
    }
    fputs("seep check: FAILED: ", out);
    escape_print(out, gate->reasons[0]);
    fputc('\n', out);
}

static bool shows_text(const struct options *outputs) {
    for (size_t i = 0; i < outputs->format_count; i++)
        if (strcmp(outputs->formats[i].format, "text") == 0)
            return true;
    return false;
}

static int check(const struct options *options, struct gate *gate, struct report *report) {
    struct options outputs = *options;
    if (!options->format_given)
        outputs.format_count = 0;
    pid_t pid = report->process_count ? (pid_t)report->processes[0].pid : 0;
    int status = publish(report, gate, &outputs, pid, 0);
    if (status == STATUS_FAILED || options->verbosity < 0)
        return status;
    print_result(options->format_given ? stderr : stdout, report, options);
    if (!shows_text(&outputs)) { // which says it
        fflush(stdout);
        print_gate_remarks(stderr, report, options);
        if (report->gate->tripped)
            print_gate_result(stderr, report->gate);
    }
    return status;
}

int command_check(const struct options *options) {
    struct gate *gate;
    char message[2048];
    if ((options->format_given && report_outputs_check(options, message, sizeof message) < 0) ||
        gate_open(options, &gate, message, sizeof message) < 0)
        return complain("%s", message);
    struct report **reports = read_all(options, message, sizeof message);
    if (!reports) {
        gate_close(gate);
        return complain("%s", message);
    }
    struct report *all = report_merge(reports, options->argument_count);
    int status = check(options, gate, all);
    report_free(all);
    for (size_t i = 0; i < options->argument_count; i++)
        report_free(reports[i]);
    free(reports);
    gate_close(gate);
    return status;
}
