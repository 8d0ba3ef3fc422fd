// A sorted array of ranges, searched by bisection. Used for the code of an object, its units and a unit's
// functions.
#include "analyzer/symbols/range_map.h"

#include "analyzer/vector.h"

#include <stdlib.h>

void range_map_add(struct range_map *map, uint64_t start, uint64_t end, uint32_t value) {
    if (start >= end)
        return;
    *VECTOR_PUSH(map->ranges, map->count, map->room) =
        (struct range){.start = start, .end = end, .value = value};
}

static int by_start(const void *left, const void *right) {
    const struct range *a = left, *b = right;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a->end != b->end) // the narrower one last: a search backwards meets it first
        return a->end > b->end ? -1 : 1;
    return a->value < b->value ? -1 : a->value > b->value;
}

void range_map_seal(struct range_map *map) {
    if (map->count)
        qsort(map->ranges, map->count, sizeof *map->ranges, by_start);
    uint64_t reach = 0;
    for (size_t i = 0; i < map->count; i++) {
        if (map->ranges[i].end > reach)
            reach = map->ranges[i].end;
        map->ranges[i].reach = reach;
    }
}

size_t range_map_find(const struct range_map *map, uint64_t address, uint32_t *values, size_t max) {
    size_t low = 0, high = map->count; // the first range that starts behind the address
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (map->ranges[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    size_t found = 0;
    while (low > 0 && found < max && map->ranges[low - 1].reach > address) {
        low--;
        if (map->ranges[low].end > address)
            values[found++] = map->ranges[low].value;
    }
    return found;
}

void range_map_free(struct range_map *map) {
    free(map->ranges);
    *map = (struct range_map){0};
}
