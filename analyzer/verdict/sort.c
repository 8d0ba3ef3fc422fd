// See sort.h. Called by verdict.c. Radix sort, 16 bits at a time; digits that all addresses share cost
// nothing.
#include "analyzer/verdict/sort.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGIT_BITS = 16, DIGITS = 1 << DIGIT_BITS };

static void by_digit(const struct sort_entry *from, struct sort_entry *to, size_t count, int shift) {
    static size_t places[DIGITS];
    memset(places, 0, sizeof places);
    for (size_t i = 0; i < count; i++)
        places[from[i].address >> shift & (DIGITS - 1)]++;
    size_t next = 0;
    for (size_t digit = 0; digit < DIGITS; digit++) {
        size_t here = places[digit];
        places[digit] = next;
        next += here;
    }
    for (size_t i = 0; i < count; i++)
        to[places[from[i].address >> shift & (DIGITS - 1)]++] = from[i];
}

static int by_address(const void *left, const void *right) {
    const struct sort_entry *a = left, *b = right;
    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

void sort_by_address(struct sort_entry *entries, size_t count) {
    if (count < DIGITS / 16) {
        qsort(entries, count, sizeof *entries, by_address); // less than counting the digits
        return;
    }
    uint64_t differ = 0;
    for (size_t i = 1; i < count; i++)
        differ |= entries[i].address ^ entries[0].address;
    struct sort_entry *other = malloc(count * sizeof *other), *from = entries, *to = other;
    if (!other) {
        fputs("seep: out of memory\n", stderr);
        abort();
    }
    for (int shift = 0; shift < 64; shift += DIGIT_BITS)
        if (differ >> shift & (DIGITS - 1)) {
            by_digit(from, to, count, shift);
            struct sort_entry *swap = from;
            from = to;
            to = swap;
        }
    if (from != entries)
        memcpy(entries, from, count * sizeof *entries);
    free(other);
}
