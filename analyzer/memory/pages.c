// See pages.h. Called by look.c. Reads the kernel's page table entries, 8 bytes for each page: 2 MiB of them
// for each GiB.
#include "analyzer/memory/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENTRIES = 8192 };                          // read at a time
static const uint64_t most_bytes = 1ull << 38;    // 256 GiB: half a GiB of entries
static const uint64_t entry_present = 1ull << 63; // in memory
static const uint64_t entry_of_file = 1ull << 61; // of a file or shared memory
static const uint64_t entry_mapped_once = 1ull << 56;

// A page of zeros is neither of a file nor anybody's own. A page that a forked process shares looks the same.
static bool in_doubt(uint64_t entry) {
    return (entry & entry_present) && !(entry & (entry_of_file | entry_mapped_once));
}

static ssize_t read_entries(int fd, uint64_t *entries, uint64_t first_page, uint64_t count) {
    size_t want = (count < ENTRIES ? count : ENTRIES) * sizeof *entries;
    ssize_t got = pread(fd, entries, want, (off_t)(first_page * sizeof *entries));
    return got < 0 ? -errno : got < (ssize_t)sizeof *entries ? -EIO : got / (ssize_t)sizeof *entries;
}

static bool bit(const uint64_t *bits, uint64_t at) {
    return bits[at / 64] >> at % 64 & 1;
}

int pages_read(struct pages *pages, int pagemap_fd, uint64_t start, uint64_t end) {
    uint64_t entries[ENTRIES], count = (end - start) / PAGES_BYTES;
    *pages = (struct pages){.start = start, .end = end};
    if (end - start > most_bytes)
        return -EFBIG;
    uint64_t *bits = calloc(count / 64 + 1, sizeof *bits);
    if (!bits)
        return -ENOMEM;
    for (uint64_t at = 0; at < count;) {
        ssize_t got = read_entries(pagemap_fd, entries, start / PAGES_BYTES + at, count - at);
        if (got < 0) {
            free(bits);
            pages->count = 0;
            return (int)got;
        }
        for (ssize_t i = 0; i < got; i++, at++)
            if (entries[i] & entry_present) {
                bits[at / 64] |= 1ull << at % 64;
                pages->count++;
            }
    }
    pages->resident = bits;
    return 0;
}

void pages_free(struct pages *pages) {
    free(pages->resident);
    free(pages->live);
    *pages = (struct pages){0};
}

static void forget(struct pages *pages, uint64_t at) {
    pages->resident[at / 64] &= ~(1ull << at % 64);
    pages->count--;
}

uint64_t pages_forget_zeros(struct pages *pages, int pagemap_fd, uint64_t excess) {
    uint64_t entries[ENTRIES], count = (pages->end - pages->start) / PAGES_BYTES;
    for (uint64_t at = 0; at < count && excess;) {
        ssize_t got = read_entries(pagemap_fd, entries, pages->start / PAGES_BYTES + at, count - at);
        if (got < 0)
            break;
        for (ssize_t i = 0; i < got && excess; i++, at++)
            if (in_doubt(entries[i]) && bit(pages->resident, at)) {
                forget(pages, at);
                excess--;
            }
    }
    return excess;
}

uint64_t pages_forget_last(struct pages *pages, uint64_t excess) {
    for (uint64_t at = (pages->end - pages->start) / PAGES_BYTES; at-- > 0 && excess;)
        if (bit(pages->resident, at)) {
            forget(pages, at);
            excess--;
        }
    return excess;
}

// What of [*start, *end) lies in the stretch; false: nothing.
static bool clip(const struct pages *pages, uint64_t *start, uint64_t *end) {
    if (*start < pages->start)
        *start = pages->start;
    if (*end > pages->end)
        *end = pages->end;
    return *start < *end;
}

static uint64_t page_of(const struct pages *pages, uint64_t address) {
    return (address - pages->start) / PAGES_BYTES;
}

// Bytes of [start, end), which touches the page, that lie in it.
static uint64_t bytes_within(const struct pages *pages, uint64_t page, uint64_t start, uint64_t end) {
    uint64_t begins = pages->start + page * PAGES_BYTES, ends = begins + PAGES_BYTES;
    return (end < ends ? end : ends) - (start > begins ? start : begins);
}

static uint64_t sum_resident(const struct pages *pages, uint64_t start, uint64_t end, uint64_t *mark) {
    uint64_t bytes = 0;
    for (uint64_t page = page_of(pages, start); page <= page_of(pages, end - 1); page++) {
        if (!pages->resident[page / 64]) { // 64 pages at once: most large blocks are untouched or whole
            page |= 63;
            continue;
        }
        if (!bit(pages->resident, page))
            continue;
        bytes += bytes_within(pages, page, start, end);
        if (mark)
            mark[page / 64] |= 1ull << page % 64;
    }
    return bytes;
}

uint64_t pages_resident_bytes(const struct pages *pages, uint64_t start, uint64_t end) {
    return pages->resident && clip(pages, &start, &end) ? sum_resident(pages, start, end, NULL) : 0;
}

uint64_t pages_mark_live(struct pages *pages, uint64_t start, uint64_t end) {
    if (!pages->resident || !clip(pages, &start, &end))
        return 0;
    if (!pages->live)
        pages->live = calloc((pages->end - pages->start) / PAGES_BYTES / 64 + 1, sizeof *pages->live);
    return sum_resident(pages, start, end, pages->live);
}

uint64_t pages_without_live_bytes(const struct pages *pages) {
    uint64_t pages_free_of_it = pages->resident ? pages->count : 0;
    for (uint64_t i = 0; pages->live && i <= (pages->end - pages->start) / PAGES_BYTES / 64; i++)
        pages_free_of_it -= (uint64_t)__builtin_popcountll(pages->resident[i] & pages->live[i]);
    return pages_free_of_it * PAGES_BYTES;
}
