// What the formats that go to reviewers list: the sites that the options ask for, those of several processes
// put together, the worst first. The text report, in contrast, goes process by process.
#pragma once

#include "analyzer/options.h"
#include "analyzer/report/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct listed_site {
    const struct report_site *site;       // of the first process that has it
    const struct report_process *process; // that process
    uint64_t count, bytes;                // of all processes; UINT64_MAX stands for more than that
    size_t processes;                     // how many have it
};

struct listing {
    struct listed_site *sites; // by severity, then bytes and count descending, then id
    size_t count;
};

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE };
enum severity verdict_severity(enum verdict verdict);

// Arrays lie in arena. Left out, as in the text report: suppressed sites, and without -v what exec took
// along.
struct listing listing_make(struct arena *arena, const struct report *report, const struct options *options);

// "definitely lost", "still open at the end".
const char *verdict_words(enum verdict verdict);
// "16 blocks (3.1 MiB) definitely lost", "3 descriptors still open at the end". In arena, as the following.
const char *listed_title(struct arena *arena, const struct listed_site *listed);
// "parse_line at src/parse.c:88", "?? in libplug.so+0x1f"; bytes as they are, to be escaped. root: of the
// sources, which is left off; NULL: paths are whole.
const char *frame_words(struct arena *arena, const struct report_frame *frame, const char *root);
// At most most bytes of text, cut between characters; of more than that the beginning and "...". most >= 16.
const char *shortened(struct arena *arena, const char *text, size_t most);

// Where the sources lie: --source-root, else what the CI system says in GITHUB_WORKSPACE or CI_PROJECT_DIR,
// else the current directory. Absolute, without a slash at its end. NULL: not even that is known.
const char *source_root(struct arena *arena, const struct options *options);
// The path of a source file from root on, "." and ".." resolved; NULL: it lies elsewhere. A relative path,
// which compilers write when told to map prefixes, counts from root on. Nothing is looked up in the file
// system.
const char *source_path(struct arena *arena, const char *root, const char *file);
// The same for a frame. NULL also for what cgo generated: its files are in nobody's sources.
const char *frame_source_path(struct arena *arena, const char *root, const struct report_frame *frame);
// The frames of a site that tell people something, innermost first: up to main, and without the wrappers that
// cgo generated. *count is set; the array is arena's.
const struct report_frame **frames_for_people(struct arena *arena, const struct report_site *site,
                                              size_t *count);
// The innermost frame whose source lies below root, and its path from there on; NULL: none does.
const struct report_frame *frame_in_sources(struct arena *arena, const struct report_site *site,
                                            const char *root, const char **path);
