// What the verdict was: see classify.h. Reading is in classify_read.c, deciding in classify_decide.c.
#include "analyzer/verdict/classify_state.h"

#include <stdlib.h>

void classify_free(struct classify *classify) {
    if (!classify)
        return;
    pointers_close(&classify->pointers);
    free(classify->state);
    free(classify->reached);
    free(classify->virtual_words);
    free(classify->leader);
    free(classify->leaders);
    free(classify);
}

enum classify_class classify_class(const struct classify *classify, size_t block) {
    uint8_t state = classify->state[block];
    return classify->reached[block >> 6] >> (block & 63) & 1 ? CLASS_REACHABLE
           : state & STATE_POSSIBLE                          ? CLASS_POSSIBLE
           : state & STATE_INDIRECT                          ? CLASS_INDIRECT
                                                             : CLASS_DEFINITE;
}

struct classify_kept classify_kept(const struct classify *classify, size_t block) {
    size_t low = 0, high = classify->leader_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (classify->leaders[middle].block < block)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < classify->leader_count && classify->leaders[low].block == block;
    return found ? classify->leaders[low].kept : (struct classify_kept){0, 0};
}

size_t classify_leader(const struct classify *classify, size_t block) {
    while (classify->leader && classify->leader[block])
        block = classify->leader[block] - 1;
    return block;
}

static bool contains(const uint32_t *targets, size_t count, uint32_t target) {
    for (size_t i = 0; i < count; i++)
        if (targets[i] == target)
            return true;
    return false;
}

size_t classify_targets(const struct classify *classify, size_t block, uint32_t *targets, size_t room) {
    size_t count = 0;
    struct pointer pointer;
    uint64_t at = classify->pointers.first[block];
    while (count < room && pointers_next(&classify->pointers, (uint32_t)block, &at, &pointer))
        if (!contains(targets, count, pointer.target))
            targets[count++] = pointer.target;
    return count;
}

void classify_count(const struct classify *classify, struct classify_counts *out) {
    *out = classify->counts;
    out->memory_bytes += classify->count + pointers_memory(&classify->pointers) +
                         classify->virtual_room * sizeof *classify->virtual_words +
                         (classify->leader ? classify->count * sizeof *classify->leader : 0) +
                         classify->leader_room * sizeof *classify->leaders;
}
