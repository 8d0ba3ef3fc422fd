// See window.h. The only file that reads what is scanned.
#include "analyzer/verdict/window.h"
#include "analyzer/must.h"

#include "analyzer/verdict/mappings.h"

#include <stdlib.h>
#include <string.h>

void window_open(struct window *window, const struct classify_input *input) {
    *window =
        (struct window){.input = input, .buffer = must(aligned_alloc(64, WINDOW_BYTES + WINDOW_PADDING))};
    memset(window->buffer + WINDOW_BYTES, 0, WINDOW_PADDING);
}

void window_close(struct window *window) {
    free(window->buffer);
    *window = (struct window){0};
}

// Up to where nothing has to be asked for from address on: address itself if it may be read, else where the
// next mapping begins that may, or `end`. *limit: where that mapping ends.
static uint64_t skip_unreadable(const struct classify_input *input, uint64_t address, uint64_t end,
                                uint64_t *limit, uint64_t *lost) {
    *lost = 0;
    *limit = UINT64_MAX;
    if (!input->mappings)
        return address;
    for (size_t i = mapping_from(input, address);; i++) {
        const struct classify_mapping *mapping = i < input->mapping_count ? &input->mappings[i] : NULL;
        uint64_t begin = mapping && mapping->begin < end ? mapping->begin : end;
        if (begin > address) {
            *lost += begin - address;
            address = begin;
        }
        if (address == end)
            return address;
        *limit = mapping->end;
        if ((mapping->flags & MAPPING_READABLE) && !(mapping->flags & MAPPING_EMPTY))
            return address;
        uint64_t next = mapping->end < end ? mapping->end : end;
        if (!(mapping->flags & MAPPING_READABLE))
            *lost += next - address;
        address = next;
        if (address == end)
            return address;
    }
}

static bool fill(struct window *window, uint64_t address, uint64_t until) {
    uint64_t bytes = until - address < WINDOW_BYTES ? until - address : WINDOW_BYTES;
    ssize_t got = window->input->read(window->input->context, address, window->buffer, (size_t)bytes);
    window->begin = window->end = address;
    if (got > 0)
        window->end += (uint64_t)got > bytes ? bytes : (uint64_t)got;
    window->end &= ~7ull;
    return window->end > address;
}

const uint64_t *window_at(struct window *window, uint64_t address, uint64_t wanted, uint64_t end,
                          uint64_t until, uint64_t *bytes, uint64_t *lost) {
    bool here = address >= window->begin && address < window->end;
    if (!here || window->end - address < wanted) {
        uint64_t limit, from = skip_unreadable(window->input, address, end, &limit, lost);
        if (from != address) {
            *bytes = from - address;
            return NULL;
        }
        if (!fill(window, address, limit < until ? limit : until)) {
            uint64_t page = (address | (PAGE_BYTES - 1)) - address + 1;
            *bytes = *lost = page < end - address ? page : end - address;
            return NULL;
        }
    }
    *bytes = window->end - address;
    return (const uint64_t *)(const void *)(window->buffer + (address - window->begin));
}
