// Address ranges and what they belong to: filled once, sorted once, then asked often. Ranges may overlap.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct range {
    uint64_t start, end; // [start, end)
    uint64_t reach;      // the largest end of this and all earlier ranges: where a search backwards may stop
    uint32_t value;      // the owner's number
};

struct range_map {
    struct range *ranges;
    size_t count, room;
};

// Zero-initialise to create. An empty or inverted range is left out.
void range_map_add(struct range_map *map, uint64_t start, uint64_t end, uint32_t value);

// Sorts; needed after the last add and before the first find. May be repeated.
void range_map_seal(struct range_map *map);

// Writes the values of up to max ranges that hold the address, the one with the highest start first (the
// innermost, when they nest), and returns how many.
size_t range_map_find(const struct range_map *map, uint64_t address, uint32_t *values, size_t max);

void range_map_free(struct range_map *map);
