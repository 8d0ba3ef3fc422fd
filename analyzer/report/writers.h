// The formats for machines and reviewers, each in the file of its name. All obey the options' --show, and
// print a site that several processes have once (listing.h). Each writes to the stream it is given and
// returns 0, or -errno when the stream took an error. Called through the table of formats.
#pragma once

#include "analyzer/options.h"
#include "analyzer/report/report.h"

#include <stddef.h>
#include <stdio.h>

// JUnit XML: a suite with a test case per site, named by function and site id so that a CI server can follow
// it from run to run, and one for the gate. A site fails, unless it is known to the baseline, or the gate let
// it pass or does not ask for its kind: then it is skipped, and says why.
int report_write_junit(const struct report *report, const struct options *options, FILE *out);

// SARIF 2.1.0 within the limits of GitHub's code scanning: what is over them is counted in a notification.
int report_write_sarif(const struct report *report, const struct options *options, FILE *out);

// Annotations for the log of a GitHub job, ten at most.
int report_write_github(const struct report *report, const struct options *options, FILE *out);
// Appends the report in Markdown to the file that GITHUB_STEP_SUMMARY names, as far as GitHub's limit for it
// leaves room. Without the variable, nothing. 0, or -errno and a line in message.
int github_append_summary(const struct report *report, const struct options *options, char *message,
                          size_t message_bytes);

// Markdown for a comment on a change, as long as GitHub and GitLab take one.
int report_write_markdown(const struct report *report, const struct options *options, FILE *out);
// The same, of about most_bytes at most: sites without a stack, then a count of sites, stand for what is left
// out.
int markdown_write(const struct report *report, const struct options *options, size_t most_bytes, FILE *out);

// Folded stacks for flame graphs: "outer;inner;malloc 24". All in one unit: heap bytes, unless --show asks
// for mappings or descriptors alone; then bytes mapped, or descriptors.
int report_write_folded(const struct report *report, const struct options *options, FILE *out);

// A gzipped profile.proto; see pprof.c for what is in it.
int report_write_pprof(const struct report *report, const struct options *options, FILE *out);

// Suppressions in valgrind's format for the sites that are left and not known to the baseline: innermost 24
// frames each, up to main. Mappings, which that format does not have, come as comments in LeakSanitizer's
// shape, or as such lines where nothing else is listed.
int report_write_suppressions(const struct report *report, const struct options *options, FILE *out);
