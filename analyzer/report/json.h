// Schema seep-report-1: a report as one JSON object, written and read.
//
// Written: valid UTF-8 whatever the names hold (bytes that are not UTF-8 become \xBB, see escape.h); one line
// per site, so that reports of any size can be searched with line tools and are never held twice in memory. A
// figure that is not known is null: the totals of kinds that are not tracked, the gate without one,
// the memory of a process that was not looked at.
//
// Read: members that are not known are ignored, since adding is free; members of the schema must be there
// (but for those that may be null), be of their type and in range. What was written and read back writes
// identically.
#pragma once

#include "analyzer/options.h"
#include "analyzer/report/report.h"

#include <stddef.h>
#include <stdio.h>

#define REPORT_SCHEMA "seep-report-1"

// 0, or -errno when the stream took an error. The options do not matter: a stored report is always whole.
int report_write_json(const struct report *report, const struct options *options, FILE *out);

// Reads the file at path. 0 and *out, which report_free() releases; or -errno and a line in message (what, on
// what, what to do; no newline), *out untouched: -ENOENT and its like from the file, -EFBIG, -EBADMSG for
// what isn't such a report.
int report_read_json(const char *path, struct report **out, char *message, size_t message_bytes);

// The same from memory; name is what messages call it.
int report_parse_json(const char *text, size_t bytes, const char *name, struct report **out, char *message,
                      size_t message_bytes);
