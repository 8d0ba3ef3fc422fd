// See publish.h. Called by the commands that end with a report, and by serve.c.
#include "analyzer/publish.h"

#include "analyzer/commands.h"
#include "analyzer/complain.h"
#include "analyzer/report/formats.h"

int publish(struct report *report, struct gate *gate, const struct options *options, pid_t pid_for_percent_p,
            int status) {
    char message[2048];
    gate_apply(gate, report);
    bool failed = report_write_all(report, options, pid_for_percent_p, message, sizeof message) < 0;
    if (failed)
        complain("%s", message);
    int judged = gate_conclude(gate, report, message, sizeof message);
    if (judged < 0)
        return complain("%s", message);
    if (failed)
        return STATUS_FAILED;
    return judged > 0 && options->exit_code ? (int)options->exit_code : status;
}
