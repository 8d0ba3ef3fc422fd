// How much of a site is known: the limit field of a baseline's line.
//   3         three resources in one process and no more      *       any number
//   3+2       with a tolerance of two                         3+50%   of half of it, rounded up
//   3,4K      and no more than 4 KiB in bytes (B, K, M, G; a tolerance may follow here too)
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct limit_part {
    bool any; // no limit
    uint64_t known;
    uint64_t tolerance; // added to known; per cent of it if percent
    bool percent;
};

struct limit {
    struct limit_part count;
    struct limit_part bytes; // any, unless the line names bytes
};

// 0, or -EINVAL and what is wrong with it in why (no newline).
int limit_parse(const char *text, struct limit *out, char *why, size_t why_bytes);

// As limit_parse reads it; out has room for LIMIT_BYTES.
enum { LIMIT_BYTES = 128 };
void limit_print(const struct limit *limit, char out[LIMIT_BYTES]);

// The most that passes; UINT64_MAX: anything.
uint64_t limit_most(const struct limit_part *part);

// The limit for what is there now: unchanged if a tolerance (or any) was set and covers it; else what is
// there becomes the known amount, and a tolerance stays.
struct limit limit_update(struct limit old, uint64_t count, uint64_t bytes);
