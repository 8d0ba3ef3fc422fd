// Sets of address ranges: what may hold pointers, less what is known to hold none.
#pragma once

#include "analyzer/verdict/classify.h"

#include <stddef.h>
#include <stdint.h>

struct ranges {
    struct classify_range *entries;
    size_t count, room;
};

// Empty and reversed ranges are nothing. Aborts when memory runs out.
void ranges_add(struct ranges *ranges, uint64_t begin, uint64_t end);
void ranges_free(struct ranges *ranges);

// Sorts, and makes one of those that touch or overlap.
void ranges_settle(struct ranges *ranges);

// Appends to out what is in `from` and in none of `less`; both settled. out may be neither of them.
void ranges_subtract(const struct ranges *from, const struct ranges *less, struct ranges *out);
