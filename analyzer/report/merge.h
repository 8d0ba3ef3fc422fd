// Several saved reports as one: a test suite of 500 processes gives 500 reports, or one.
#pragma once

#include "analyzer/report/report.h"

// A report with the processes of all, in order; exact if all are. Its strings and sites are those of the
// parts, which must outlive it. Never NULL; release with report_free(). count is 1 or more.
struct report *report_merge(struct report *const *parts, size_t count);
