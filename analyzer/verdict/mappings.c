// See mappings.h. Called by vtables.c and window.c.
#include "analyzer/verdict/mappings.h"

size_t mapping_from(const struct classify_input *input, uint64_t address) {
    size_t low = 0, high = input->mapping_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (input->mappings[middle].end > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

const struct classify_mapping *mapping_with(const struct classify_input *input, uint64_t address,
                                            unsigned flags) {
    size_t at = mapping_from(input, address);
    if (at == input->mapping_count)
        return NULL;
    const struct classify_mapping *mapping = &input->mappings[at];
    return mapping->begin <= address && (mapping->flags & flags) == flags ? mapping : NULL;
}
