// The report for people. It begins with how much is outstanding and where most of it is, goes on with a
// section per process and ends with one line of the total, since that is what stands above the prompt.
// Nothing that comes from the program reaches the terminal raw (escape.h).
#pragma once

#include "analyzer/options.h"
#include "analyzer/report/report.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

// Obeys options' show, top and verbosity. 0, or -errno when the stream took an error.
int report_write_text(const struct report *report, const struct options *options, FILE *out);

// --- between the files text*.c; the other formats for people use some
// ---

// What all processes add up to. An address space that exec replaced took its blocks along: those are kept
// apart.
struct text_sums {
    uint64_t allocations, blocks, bytes; // of processes that came to their end
    uint64_t sites, resources[SITE_KINDS];
    uint64_t map_bytes;                   // of the mappings among resources
    uint64_t hidden_blocks, hidden_bytes; // heap sites that the options don't ask for
    uint64_t suppressed_sites, suppressed_blocks, suppressed_bytes; // of the heap
    uint64_t known_blocks, known_bytes; // in the baseline, and therefore not listed
    uint64_t exec_processes, exec_blocks, exec_bytes;
    uint64_t lost_records;
    struct verdict_totals verdicts;
    size_t clean_processes; // have nothing outstanding
    size_t tracked_processes;
};
struct text_sums text_add_up(const struct report *report, const struct options *options);
void print_summary(FILE *out, const struct report *report, const struct text_sums *sums,
                   const struct options *options);
// "exited with status 3", "killed by SIGSEGV".
void print_end(FILE *out, const struct report_process *process);
// A command line as a shell would take it back; of a long one the beginning, unless whole.
void print_command(FILE *out, const char *const *words, size_t count, bool whole);

// Is the site among those that the options ask for? Suppressed ones never are.
bool site_listed(const struct report_site *site, const struct options *options);
// And does the text print it? Known ones only with -v.
bool site_printed(const struct report_site *site, const struct options *options);
// For qsort on pointers to sites: most bytes first, then most resources, then by id.
int site_order(const void *a, const void *b);
// "function  file:line", or what is known of it: "function  module+0x1f", "??  module+0x1f", "??  0x1f".
void print_frame(FILE *out, const struct report_frame *frame, int function_columns);
// How many of a site's frames to show: what calls main is the same in every program.
size_t frames_up_to_main(const struct report_site *site);
// Where a reader will look first: the innermost frame of the program's own source; without debug information
// the innermost one of its own code; or else the innermost there is. NULL: the site has no frames.
const struct report_frame *telling_frame(const struct report_site *site);
// What a site's count counts: "block", "descriptor", "mapping".
const char *site_noun(enum site_kind kind);
// "3.1 MiB (3,251,200 bytes) in 1,016 blocks", "3 descriptors".
void print_amount(FILE *out, enum site_kind kind, uint64_t bytes, uint64_t count);
// A site's descriptors: "35,000 sockets, 34,990 in CLOSE_WAIT, 10 in ESTABLISHED".
void print_descriptors(FILE *out, const struct report_site *site);
// "7 socket, tcp 127.0.0.1:80 -> 127.0.0.1:5000, CLOSE_WAIT".
void print_descriptor(FILE *out, const struct report_example *example);
// "3 files", "1 epoll descriptor": so many descriptors of that type.
void print_type(FILE *out, uint64_t count, const char *type);
// What was opened or mapped past the hooks, after the sites; whether there is so much of a sort that it is
// worth a section; and the summary's line then.
void print_unattributed(FILE *out, const struct report_process *process, const struct options *options);
bool text_has_unattributed(const struct report_process *process, const struct options *options);
void print_unattributed_summary(FILE *out, const struct report *report, const struct options *options);
// The line of a process's heading; the summary's line if it comes near its limit; what follows its sites.
void print_fd_line(FILE *out, const struct fd_totals *fd);
void print_fd_warning(FILE *out, const struct report_process *process);
void print_fd_rest(FILE *out, const struct report_process *process, const struct options *options);
// The listed sites of a process, by verdict, with their stacks.
void print_sites(FILE *out, const struct report_process *process, const struct options *options);
// What of the blocks is lost and what reachable: a line for each class, none if none was looked at.
void text_add_verdicts(struct verdict_totals *sums, const struct report_process *process);
void print_verdicts(FILE *out, const struct verdict_totals *totals, const char *indent);
// Of the look for pointers, why there was none, or what it took.
void print_scan(FILE *out, const struct report_process *process, bool verbose);
// What a site's blocks alone kept alive; verbose: what the first of them points to.
void print_what_hangs_on(FILE *out, const struct report_site *site, bool verbose);
// The process that is resident for most, of those of which that is known; NULL: it is of none.
const struct report_process *text_largest_process(const struct report *report);
// Where the memory of the largest process was, in one line; and in a table, of all with -v.
void print_memory_summary(FILE *out, const struct report *report);
void print_memory(FILE *out, const struct report *report, const struct options *options);
// Which files the printed frames without a function's name are in, and what would name them; nothing if there
// are none.
void print_nameless(FILE *out, const struct report *report, const struct options *options);
// What baseline and suppressions have that nothing matched; nothing if there is nothing to say.
void print_gate_remarks(FILE *out, const struct report *report, const struct options *options);
// What the gate said; NULL: there was none.
void print_gate_result(FILE *out, const struct report_gate *gate);
