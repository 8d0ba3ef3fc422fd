// Reading a report in tests: finding processes, sites and frames in it, and the invariants that hold for
// every report. Everything returned is owned by the report.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

// Reads a report and holds it against the contract's invariants; fails the test if it is not JSON or breaks
// one.
json_t *report_load(const char *path);

// The first process whose executable has this base name; NULL if there is none.
json_t *process_named(const json_t *report, const char *base_name);
size_t processes_named(const json_t *report, const char *base_name);
// The one that began by fork, counted from 0 in the order of their appearance; NULL: so many did not.
json_t *process_forked(const json_t *report, size_t which);
json_t *process_with_pid(const json_t *report, long long pid);

// One figure of totals.heap; fails the test if it is missing.
long long heap(const json_t *process, const char *figure);
// Both, as one assertion with a readable message.
void assert_heap(const json_t *process, long long allocations, long long frees, long long allocated_bytes,
                 long long outstanding_blocks, long long outstanding_bytes);
// One figure of totals.fd; fails the test if it is missing or null.
long long fds(const json_t *process, const char *figure);
// Descriptors over all sites with that function anywhere in their stacks; acquired by this call, NULL: by
// any.
long long fds_through(const json_t *process, const char *function, const char *call);

// The process's totals are what tests/programs/count.h counted and printed on standard error.
void assert_heap_as_counted(const json_t *process, const char *printed);

bool is_exact(const json_t *report);
// end.how, and code or signal; fails the test if it is another.
void assert_end(const json_t *process, const char *how, long long code_or_signal);

// The first heap site with a frame of this function anywhere in its stack, or with this innermost function;
// NULL: none.
json_t *site_through(const json_t *process, const char *function);
json_t *site_from(const json_t *process, const char *function);
// Blocks and bytes over all sites with that function anywhere in their stacks.
long long blocks_through(const json_t *process, const char *function);
long long bytes_through(const json_t *process, const char *function);
// Blocks of this size with this verdict, over all heap sites whose blocks are of one size.
long long blocks_of_size(const json_t *process, const char *verdict, long long bytes_each);

json_t *frame_of(const json_t *site, const char *function);
const char *frame_function(const json_t *site, size_t index); // "" where no symbol is known
// The innermost frames' functions are these, in this order, NULL-terminated, and nothing is between them; the
// stack is not truncated. If the last named is main, _start must be outermost.
void assert_stack(const json_t *site, const char *const *functions);
#define ASSERT_STACK(site, ...) assert_stack((site), (const char *const[]){__VA_ARGS__, NULL})
// The stack as text, for messages and comparisons: one function a line.
char *stack_text(const json_t *site);
