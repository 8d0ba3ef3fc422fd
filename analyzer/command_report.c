// seep report: a saved report, printed again in the formats that are asked for.
#include "analyzer/commands.h"
#include "analyzer/complain.h"
#include "analyzer/report/formats.h"
#include "analyzer/report/json.h"

int command_report(const struct options *options) {
    struct report *report;
    char message[2048];
    if (report_outputs_check(options, message, sizeof message) < 0)
        return complain("%s", message);
    if (report_read_json(options->arguments[0], &report, message, sizeof message) < 0)
        return complain("%s", message);
    pid_t pid = report->process_count ? (pid_t)report->processes[0].pid : 0;
    int rc = report_write_all(report, options, pid, message, sizeof message);
    report_free(report);
    return rc < 0 ? complain("%s", message) : 0;
}
