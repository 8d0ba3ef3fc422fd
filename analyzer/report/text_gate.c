// The end of the text report: what the gate said. What failed and by how much stands last, right above the
// prompt, with the command that takes it into the baseline. Called by text.c, and by the check command.
#include "analyzer/report/text.h"

#include "analyzer/report/escape.h"
#include "analyzer/report/units.h"

enum { REMARKS_SHOWN = 10 };

static void print_line(FILE *out, const char *start, const char *text) {
    fputs(start, out);
    escape_print(out, text);
    fputc('\n', out);
}

void print_gate_remarks(FILE *out, const struct report *report, const struct options *options) {
    size_t shown = options->verbosity > 0 ? report->remark_count : REMARKS_SHOWN;
    for (size_t i = 0; i < report->remark_count && i < shown; i++)
        print_line(out, i ? "" : "\n", report->remarks[i]);
    if (shown < report->remark_count) {
        fputs("... and ", out);
        print_number(out, report->remark_count - shown);
        fputs(" more of these; -v lists them\n", out);
    }
}

void print_gate_result(FILE *out, const struct report_gate *gate) {
    if (!gate)
        return;
    if (!gate->tripped) {
        fputs("\nseep gate: passed.\n", out);
        return;
    }
    fputs("\nseep gate: FAILED\n", out);
    for (size_t i = 0; i < gate->reason_count; i++)
        print_line(out, "  ", gate->reasons[i]);
    if (gate->update)
        print_line(out, "To take what is there now as known:\n  ", gate->update);
}
