// See ranges.h. Called by roots*.c.
#include "analyzer/verdict/ranges.h"
#include "analyzer/vector.h"

#include <stdlib.h>

void ranges_add(struct ranges *ranges, uint64_t begin, uint64_t end) {
    if (begin < end)
        *VECTOR_PUSH(ranges->entries, ranges->count, ranges->room) = (struct classify_range){begin, end};
}

void ranges_free(struct ranges *ranges) {
    free(ranges->entries);
    *ranges = (struct ranges){0};
}

static int by_begin(const void *left, const void *right) {
    const struct classify_range *a = left, *b = right;
    return a->begin < b->begin ? -1 : a->begin > b->begin;
}

void ranges_settle(struct ranges *ranges) {
    if (ranges->count == 0)
        return;
    qsort(ranges->entries, ranges->count, sizeof *ranges->entries, by_begin);
    size_t kept = 0;
    for (size_t i = 1; i < ranges->count; i++) {
        struct classify_range *last = &ranges->entries[kept], next = ranges->entries[i];
        if (next.begin > last->end)
            ranges->entries[++kept] = next;
        else if (next.end > last->end)
            last->end = next.end;
    }
    ranges->count = kept + 1;
}

void ranges_subtract(const struct ranges *from, const struct ranges *less, struct ranges *out) {
    size_t next = 0;
    for (size_t i = 0; i < from->count; i++) {
        uint64_t at = from->entries[i].begin, end = from->entries[i].end;
        while (next < less->count && less->entries[next].end <= at)
            next++;
        for (size_t k = next; k < less->count && less->entries[k].begin < end; k++) {
            ranges_add(out, at, less->entries[k].begin);
            at = less->entries[k].end;
        }
        ranges_add(out, at, end);
    }
}
