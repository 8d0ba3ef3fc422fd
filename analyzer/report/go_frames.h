// Frames of Go programs that say nothing to who reads a stack: what cgo generates for each C function that Go
// calls and each Go function that C calls, the runtime's way between the two, and what runs below a
// goroutine's first function. Reports for people leave them out; JSON keeps all.
#pragma once

#include "analyzer/report/report.h"

bool frame_is_go_wrapper(const struct report_frame *frame);

// Does the stack hold frames besides these? If not, all are worth showing.
bool site_has_other_than_go_wrappers(const struct report_site *site);
