// See pieces.h. Called by look.c, and by harvest.c for each live block.
#include "analyzer/memory/pieces.h"
#include "analyzer/text.h"
#include "analyzer/vector.h"

#include <string.h>

static bool is_file_of_ours(const char *path) {
    return begins(path, "/memfd:seep") || strcmp(base_name(path), "libseep.so") == 0;
}

// By the names that the kernel and libc give it, or by its file system.
static bool is_shared_memory(const struct smaps_area *area, const struct pieces_hints *hints) {
    for (size_t i = 0; i < hints->device_count; i++)
        if (area->inode && hints->memory_devices[i] == pieces_device(area->device_major, area->device_minor))
            return true;
    return begins(area->path, "/memfd:") || begins(area->path, "/dev/shm/") || begins(area->path, "/SYSV") ||
           begins(area->path, "/dev/zero") || (area->shared && !area->inode);
}

// A program's zeroed data follows its other data, without a name.
static bool is_zeroed_data(const struct smaps *smaps, size_t i) {
    if (i == 0 || smaps->areas[i].path[0])
        return false;
    const struct smaps_area *before = &smaps->areas[i - 1];
    return before->end == smaps->areas[i].start && before->inode && !before->shared &&
           before->path[0] == '/' && !begins(before->path, "/memfd:") &&
           (before->protection & 2); // PROT_WRITE
}

// The lowest stack pointer that isn't below the area lies in it.
static bool holds_stack(const struct smaps_area *area, const struct pieces_hints *hints) {
    size_t low = 0, high = hints->stack_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (hints->stack_pointers[middle] >= area->start)
            high = middle;
        else
            low = middle + 1;
    }
    return low < hints->stack_count && hints->stack_pointers[low] < area->end;
}

// libc puts one page that can't be touched below each stack that it makes. It keeps some of threads that
// ended.
static bool is_guarded(const struct smaps *smaps, size_t i) {
    const struct smaps_area *guard = i ? &smaps->areas[i - 1] : NULL;
    return guard && guard->end == smaps->areas[i].start && guard->end - guard->start == PAGES_BYTES &&
           guard->protection == 0 && !guard->inode && !guard->path[0];
}

static enum memory_kind kind_of(const struct smaps *smaps, size_t i, const struct pieces_hints *hints,
                                const char **file) {
    const struct smaps_area *area = &smaps->areas[i];
    *file = "";
    if (is_file_of_ours(area->path))
        return MEMORY_SEEP;
    if (strcmp(area->path, "[heap]") == 0)
        return MEMORY_HEAP;
    if (begins(area->path, "[stack"))
        return MEMORY_STACK;
    if (is_zeroed_data(smaps, i)) {
        *file = smaps->areas[i - 1].path;
        return is_file_of_ours(*file) ? MEMORY_SEEP : MEMORY_FILE;
    }
    if (area->inode || area->path[0] == '/') {
        *file = area->path;
        return is_shared_memory(area, hints) ? MEMORY_SHARED : MEMORY_FILE;
    }
    return area->shared                                       ? MEMORY_SHARED
           : holds_stack(area, hints) || is_guarded(smaps, i) ? MEMORY_STACK
                                                              : MEMORY_OTHER;
}

// --- cutting
// ----------------------------------------------------------------------------------------------------

struct cutting {
    struct pieces *out;
    const struct pieces_hints *hints;
    size_t next; // region that may still be of use
};

static void add_piece(struct cutting *c, const struct memory_piece *like, uint64_t start, uint64_t end,
                      const struct memory_region *region) {
    if (start >= end)
        return;
    struct memory_piece *piece = VECTOR_PUSH(c->out->list, c->out->count, c->out->room);
    *piece = *like;
    piece->start = start;
    piece->end = end;
    if (region) {
        piece->kind = region->kind;
        piece->site = region->site;
    }
}

// The area's pieces, with nothing but their places and kinds.
static void cut_area(struct cutting *c, const struct memory_piece *whole) {
    uint64_t at = whole->start;
    while (c->next < c->hints->region_count && c->hints->regions[c->next].end <= at)
        c->next++;
    for (size_t i = c->next; i < c->hints->region_count && c->hints->regions[i].start < whole->end; i++) {
        const struct memory_region *region = &c->hints->regions[i];
        uint64_t start = region->start > at ? region->start : at;
        uint64_t end = region->end < whole->end ? region->end : whole->end;
        add_piece(c, whole, at, start, NULL);
        add_piece(c, whole, start, end, region);
        at = end;
    }
    add_piece(c, whole, at, whole->end, NULL);
}

// Looks at the pages. False: not all could be told.
static bool read_pages(struct memory_piece *pieces, size_t count, int fd, uint64_t rss_bytes) {
    uint64_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (pages_read(&pieces[i].pages, fd, pieces[i].start, pieces[i].end) != 0)
            return false;
        found += pieces[i].pages.count;
    }
    uint64_t counted = rss_bytes / PAGES_BYTES, excess = found > counted ? found - counted : 0;
    found -= excess;
    for (size_t i = 0; i < count && excess; i++)
        excess = pages_forget_zeros(&pieces[i].pages, fd, excess);
    for (size_t i = count; i-- > 0 && excess;) // the process runs on, and more came while it was read
        excess = pages_forget_last(&pieces[i].pages, excess);
    for (size_t i = 0; i < count; i++)
        pieces[i].resident_bytes = pieces[i].pages.count * PAGES_BYTES;
    if (found < counted) // it gave memory back in between
        pieces[count - 1].resident_bytes += (counted - found) * PAGES_BYTES;
    return true;
}

// By size, since nothing better is known.
static void divide_by_size(struct memory_piece *pieces, size_t count, uint64_t rss_bytes) {
    uint64_t left = rss_bytes, bytes_left = pieces[count - 1].end - pieces[0].start;
    for (size_t i = 0; i < count; i++) {
        uint64_t bytes = pieces[i].end - pieces[i].start;
        pages_free(&pieces[i].pages);
        uint64_t share =
            i + 1 == count ? left : (uint64_t)((double)left * (double)bytes / (double)bytes_left);
        share = share / PAGES_BYTES * PAGES_BYTES;
        if (i + 1 == count || share > left)
            share = left;
        pieces[i].resident_bytes = share;
        left -= share;
        bytes_left -= bytes;
    }
}

// Blocks lie in anonymous memory; of the rest the kernel's figure is enough, unless it was cut.
static bool may_hold_blocks(const struct smaps_area *area, enum memory_kind kind) {
    return !area->inode && kind != MEMORY_STACK && !begins(area->path, "[v");
}

void pieces_cut(struct pieces *out, const struct smaps *smaps, const struct pieces_hints *hints) {
    *out = (struct pieces){0};
    struct cutting c = {.out = out, .hints = hints};
    for (size_t i = 0; i < smaps->count; i++) {
        const struct smaps_area *area = &smaps->areas[i];
        if (!area->rss_bytes && (area->inode || !area->protection)) // no memory, and none to come
            continue;
        struct memory_piece whole = {.start = area->start, .end = area->end, .site = -1};
        whole.kind = kind_of(smaps, i, hints, &whole.file);
        size_t first = out->count;
        cut_area(&c, &whole);
        size_t count = out->count - first;
        struct memory_piece *pieces = &out->list[first];
        bool look = area->rss_bytes && (count > 1 || may_hold_blocks(area, whole.kind));
        if (!look || hints->pagemap_fd < 0 || !read_pages(pieces, count, hints->pagemap_fd, area->rss_bytes))
            divide_by_size(pieces, count, area->rss_bytes);
    }
}

void pieces_free(struct pieces *pieces) {
    for (size_t i = 0; i < pieces->count; i++)
        pages_free(&pieces->list[i].pages);
    free(pieces->list);
    *pieces = (struct pieces){0};
}

// --- blocks
// -----------------------------------------------------------------------------------------------------

// The first piece that ends above address.
static size_t first_above(const struct pieces *pieces, uint64_t address) {
    size_t low = 0, high = pieces->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (pieces->list[middle].end > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static uint64_t mark(struct memory_piece *piece, uint64_t start, uint64_t end) {
    uint64_t bytes = end - start, resident;
    if (piece->pages.resident) {
        resident = pages_mark_live(&piece->pages, start, end);
    } else {
        uint64_t left = piece->resident_bytes - piece->live_resident_bytes;
        resident = bytes < left ? bytes : left;
    }
    piece->live_bytes += bytes;
    piece->live_resident_bytes += resident;
    return resident;
}

// A chunk has a word before the block, is a multiple of two words, and at least four.
static uint64_t rounding_of(uint64_t bytes) {
    uint64_t chunk = bytes < 24 ? 32 : (bytes + 8 + 15) & ~(uint64_t)15;
    return chunk - bytes;
}

uint64_t pieces_mark(struct pieces *pieces, uint64_t address, uint64_t bytes) {
    uint64_t end = bytes > UINT64_MAX - address ? UINT64_MAX : address + bytes, resident = 0;
    size_t first = first_above(pieces, address);
    if (first < pieces->count && pieces->list[first].start <= address) {
        pieces->list[first].blocks++;
        pieces->list[first].rounding_bytes += rounding_of(bytes);
    }
    for (size_t i = first; i < pieces->count && pieces->list[i].start < end; i++) {
        struct memory_piece *piece = &pieces->list[i];
        uint64_t from = address > piece->start ? address : piece->start;
        uint64_t to = end < piece->end ? end : piece->end;
        if (from < to)
            resident += mark(piece, from, to);
    }
    return resident;
}
