// Which ranges of an address space belong to whom: ranges that don't overlap, each with its owner's number.
// Addresses are bytes, of no alignment. Whatever the order of calls, each costs the logarithm of the number
// of ranges, and what it takes out.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct region {
    uint64_t start, end; // [start, end), start < end
    uint32_t owner;
};

typedef void region_visit(void *context, const struct region *region);

struct regions;

// Never NULL: these functions abort when memory runs out.
struct regions *regions_new(void);
void regions_free(struct regions *regions);

// Takes out what lies in [start, end), which may be empty. A range that reaches over a border is cut there;
// each piece taken out is given to taken (if not NULL), in ascending order. taken must not touch the regions.
void regions_cut(struct regions *regions, uint64_t start, uint64_t end, region_visit *taken, void *context);

// Enters a range where there is none.
void regions_enter(struct regions *regions, const struct region *region);

// The lowest range that ends above address. False if there is none.
bool regions_first_above(const struct regions *regions, uint64_t address, struct region *out);

size_t regions_count(const struct regions *regions);

// All, in ascending order. visit must not touch the regions.
void regions_each(const struct regions *regions, region_visit *visit, void *context);
