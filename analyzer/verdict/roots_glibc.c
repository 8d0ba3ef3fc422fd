// glibc's allocator, as it lies in memory: heaps of threads, the state of the first arena, and large blocks
// with mappings of their own. What is recognised is checked by what must hold of it, and left alone if it
// does not. Called by roots.c.
#include "analyzer/verdict/memory.h"
#include "analyzer/verdict/roots_parts.h"

#include <string.h>
#include <sys/mman.h>

enum {
    PAGE = 4096,
    CHUNK_IS_MAPPED = 2, // in a chunk's size
    CHUNK_FLAGS = 7,
    HEAP_HEAD_BYTES = 0x40, // at most, before the state that follows the first heap of an arena
    // struct malloc_state since glibc 2.27
    STATE_BINS_AT = 0x70,
    STATE_BINS = 127,
    STATE_NEXT_AT = 0x870,
    STATE_BYTES = 0x898,
    BIN_LEAD = 0x10,
};
static const uint64_t heap_bytes = 64 << 20; // and their alignment

bool roots_glibc_mapped(pid_t pid, const struct classify_block *block, struct classify_range *out) {
    uint64_t head[2]; // bytes left free before the chunk; its size and flags
    if (block->address % 16 || memory_copy(pid, block->address - sizeof head, head, sizeof head) != 0)
        return false;
    uint64_t bytes = head[1] & ~(uint64_t)CHUNK_FLAGS, begin = block->address - sizeof head - head[0];
    if ((head[1] & CHUNK_FLAGS) != CHUNK_IS_MAPPED || head[0] > block->address || begin % PAGE ||
        (head[0] + bytes) % PAGE || bytes < sizeof head || bytes - sizeof head < block->bytes)
        return false;
    *out = (struct classify_range){begin, begin + head[0] + bytes};
    return true;
}

// struct heap_info: arena, previous heap, bytes in use, bytes that can be used.
static void cut_heap(struct roots_search *search, const struct roots_area *area, uint64_t at) {
    uint64_t head[4];
    if (memory_copy(search->pid, at, head, sizeof head) != 0)
        return;
    uint64_t arena_heap = head[0] & ~(heap_bytes - 1), arena_at = head[0] - arena_heap;
    bool is_first = arena_heap == at;
    if (arena_at < sizeof head || arena_at > HEAP_HEAD_BYTES || is_first != (head[1] == 0) ||
        head[1] % heap_bytes || head[2] > head[3] || head[3] > heap_bytes || head[3] % PAGE || head[2] % 16 ||
        head[3] > area->end - at)
        return;
    ranges_add(&search->regions, at, at + head[3]);
}

// An empty bin points to where a chunk would be that has it as its links.
static bool is_empty_bin(const uint64_t *words, size_t index, uint64_t address) {
    return words[index] == address - BIN_LEAD && words[index + 1] == address - BIN_LEAD;
}

static bool is_state(const struct roots_search *search, uint64_t at) {
    uint64_t next;
    if (memory_copy(search->pid, at + STATE_NEXT_AT, &next, sizeof next) != 0)
        return false;
    uint64_t in_heap = next & (heap_bytes - 1);
    return next == at || (next > heap_bytes && in_heap >= 0x20 && in_heap <= HEAP_HEAD_BYTES);
}

// The first arena's state, in libc's data, is found by its bins, most of which are empty.
static void cut_first_state(struct roots_search *search, const struct smaps_area *area) {
    static uint64_t words[(64 << 10) / 8];
    uint64_t bytes = area->end - area->start;
    if (bytes > sizeof words)
        bytes = sizeof words;
    if (memory_copy(search->pid, area->start, words, bytes) != 0)
        return;
    for (size_t i = 0; i + 1 < bytes / 8; i++) {
        uint64_t address = area->start + 8 * i;
        if (!is_empty_bin(words, i, address))
            continue;
        for (int bin = 0; bin < STATE_BINS; bin++) {
            uint64_t at = address - STATE_BINS_AT - 16 * (uint64_t)bin;
            if (at >= area->start && at + STATE_BYTES <= area->end && is_state(search, at)) {
                ranges_add(&search->cut, at, at + STATE_BYTES);
                return;
            }
        }
    }
}

static bool is_libc_data(const struct smaps_area *area) {
    static const char name[] = "/libc.so.6";
    size_t length = strlen(area->path);
    return (area->protection & PROT_WRITE) && length >= sizeof name - 1 &&
           strcmp(area->path + length - (sizeof name - 1), name) == 0;
}

void roots_find_glibc(struct roots_search *search) {
    for (size_t i = 0; i < search->area_count; i++) {
        const struct roots_area *area = &search->areas[i];
        if (is_libc_data(area->kernel))
            cut_first_state(search, area->kernel);
        if (!roots_is_plain(area) || area->is_booked)
            continue;
        uint64_t at = (area->start + heap_bytes - 1) & ~(heap_bytes - 1);
        for (; at < area->end; at += heap_bytes)
            cut_heap(search, area, at);
    }
}
