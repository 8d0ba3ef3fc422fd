// From a finished session to a report: names for addresses, groups to sites, figures to totals, doubts to
// words.
#pragma once

#include "analyzer/options.h"
#include "analyzer/report/report.h"
#include "analyzer/session.h"

// What the session itself does not know.
struct assemble_facts {
    const char *const *command; // NULL-terminated
    const char *started;        // RFC 3339
    double duration_seconds;
};

// Never NULL; release with report_free. The session's processes must all be finished.
struct report *assemble_report(const struct session *session, const struct options *options,
                               const struct assemble_facts *facts);
