// A profile in the making, as profile.proto has it (github.com/google/pprof): each string, mapping, function
// and location is in it once and has a number. Knows nothing of reports.
#pragma once

#include "analyzer/report/protobuf.h"

#include <stddef.h>
#include <stdint.h>

struct profile;

struct profile *profile_new(void);
void profile_free(struct profile *profile);

// The place of a text in the table of strings; NULL and "" are 0. Control characters and what is not UTF-8
// come as escape_print() prints them.
uint64_t profile_text(struct profile *profile, const char *text);

// The numbers of a mapping, a function and a location; from 1 on. Asked for again, they are the same.
// A mapping covers its file's own addresses from 0 on: where it was loaded makes no difference. file may be
// NULL.
uint64_t profile_mapping(struct profile *profile, const char *file, const char *build_id);
// system_name NULL: the same as name.
uint64_t profile_function(struct profile *profile, const char *name, const char *system_name,
                          const char *file);
struct profile_line {
    uint64_t function, line;
};
// mapping 0: none. lines: innermost first, all but the last inlined; there may be none.
uint64_t profile_location(struct profile *profile, uint64_t mapping, uint64_t address,
                          const struct profile_line *lines, size_t line_count);

struct profile_label {
    const char *key, *text; // text NULL: no such label
};
void profile_sample(struct profile *profile, const uint64_t *locations, size_t location_count,
                    const uint64_t *values, size_t value_count, const struct profile_label *labels,
                    size_t label_count);

// Once for each value of a sample, in their order.
void profile_sample_type(struct profile *profile, const char *type, const char *unit);
void profile_default_sample_type(struct profile *profile, const char *type);
void profile_period(struct profile *profile, const char *type, const char *unit, uint64_t period);
void profile_comment(struct profile *profile, const char *text);
void profile_time(struct profile *profile, uint64_t unix_ns, uint64_t duration_ns); // 0: not known

// The whole message, to be released with proto_free(). The profile is not to be added to any more.
struct proto profile_finish(struct profile *profile);
