// seep report: a saved report, printed again in the formats that are asked for, with what options about the
// gate say of it. The exit status is the gate's business in seep check only.
#include "analyzer/commands.h"
#include "analyzer/complain.h"
#include "analyzer/publish.h"
#include "analyzer/report/formats.h"
#include "analyzer/report/json.h"

int command_report(const struct options *options) {
    struct report *report;
    struct gate *gate;
    char message[2048];
    if (report_outputs_check(options, message, sizeof message) < 0 ||
        gate_open(options, &gate, message, sizeof message) < 0)
        return complain("%s", message);
    if (report_read_json(options->arguments[0], &report, message, sizeof message) < 0) {
        gate_close(gate);
        return complain("%s", message);
    }
    pid_t pid = report->process_count ? (pid_t)report->processes[0].pid : 0;
    int status = publish(report, gate, options, pid, 0);
    report_free(report);
    gate_close(gate);
    return status == STATUS_FAILED ? status : 0;
}
