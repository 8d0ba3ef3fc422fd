// Which pages of a stretch of a process's address space are in memory: what the ledger divides an area by
// that holds more than one thing. /proc/PID/smaps has one figure for the whole area.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAGES_BYTES = 4096 }; // of a page on the machines that seep runs on

struct pages {
    uint64_t start, end; // multiples of PAGES_BYTES
    uint64_t *resident;  // a bit for each page; NULL: not known
    uint64_t *live;      // of these the ones that a live block has a byte in; NULL: none was marked
    uint64_t count;      // of bits set in resident
};

// Reads the pages of [start, end) from an open /proc/PID/pagemap. 0; or -errno, and then it is not known
// which ones are resident: -EFBIG for a stretch that is too large to be looked at.
int pages_read(struct pages *pages, int pagemap_fd, uint64_t start, uint64_t end);
void pages_free(struct pages *pages);

// Take up to `excess` resident pages out, where more were found than smaps counts: pages that may be the
// kernel's page of zeros, which is nobody's memory and isn't counted there; or any, the last ones first.
// Return how many are still too many.
uint64_t pages_forget_zeros(struct pages *pages, int pagemap_fd, uint64_t excess);
uint64_t pages_forget_last(struct pages *pages, uint64_t excess);

// Resident bytes of [start, end), which may reach beyond the stretch. 0 if nothing is known.
uint64_t pages_resident_bytes(const struct pages *pages, uint64_t start, uint64_t end);

// As that, for a live block: notes its pages.
uint64_t pages_mark_live(struct pages *pages, uint64_t start, uint64_t end);

// Bytes of the resident pages that no live block was marked in.
uint64_t pages_without_live_bytes(const struct pages *pages);
