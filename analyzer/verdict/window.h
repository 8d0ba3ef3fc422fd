// A window onto the target's memory, that moves upward: few large reads for many small neighbours. Owned by
// classify.c.
#pragma once

#include "analyzer/verdict/classify.h"

enum { WINDOW_BYTES = 256 << 10, WINDOW_PADDING = 64, PAGE_BYTES = 4096 };

struct window {
    const struct classify_input *input;
    unsigned char *buffer; // WINDOW_BYTES and WINDOW_PADDING, aligned to 8
    uint64_t begin, end;   // what it holds; begin is a multiple of 8
};

void window_open(struct window *window, const struct classify_input *input);
void window_close(struct window *window);

// What lies at address: *bytes of it, a multiple of 8, at least `wanted` if so much can be read. May read on
// up to `until`. address is a multiple of 8, wanted at most a page, address < end <= until. NULL if it can't
// be read or need not be: *bytes is then how much to skip, at most up to end, and *lost how much of that was
// unreadable.
const uint64_t *window_at(struct window *window, uint64_t address, uint64_t wanted, uint64_t end,
                          uint64_t until, uint64_t *bytes, uint64_t *lost);
