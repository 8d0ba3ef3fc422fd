// See arenas.h. Called by look.c. An arena that holds no block any more can be told by nothing else than by
// what malloc/arena.c of glibc (2.10 to 2.41) writes at the start of each of its heaps, which are aligned to
// their largest size.
#include "analyzer/memory/arenas.h"
#include "analyzer/vector.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <sys/uio.h>

static const uint64_t heap_bytes = 64ull << 20; // HEAP_MAX_SIZE: twice the largest mmap threshold

struct heap_info {
    uint64_t arena;    // behind this in the arena's first heap
    uint64_t previous; // heap of the arena; 0 in its first
    uint64_t bytes;
    uint64_t opened_bytes;
};

static bool read_memory(pid_t pid, uint64_t address, void *out, size_t bytes) {
    struct iovec here = {out, bytes}, there = {(void *)address, bytes};
    return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)bytes;
}

// Is this a heap's head? Zeros are none, nor is anything that points elsewhere.
static bool is_heap(const struct heap_info *info, uint64_t at, uint64_t area_end) {
    uint64_t first = info->previous ? info->arena & ~(heap_bytes - 1) : at, behind = info->arena - first;
    return info->arena % 16 == 0 && behind >= sizeof *info && behind <= 2 * sizeof *info &&
           info->previous % heap_bytes == 0 && info->previous != at && info->bytes % 4096 == 0 &&
           info->bytes >= 4096 && info->bytes <= info->opened_bytes && info->opened_bytes <= heap_bytes &&
           at + info->opened_bytes <= area_end;
}

void arenas_find(pid_t pid, const struct smaps *smaps, struct memory_region **regions, size_t *count,
                 size_t *room, uint32_t *arenas) {
    *arenas = 0;
    for (size_t i = 0; i < smaps->count; i++) {
        const struct smaps_area *area = &smaps->areas[i];
        if (area->inode || area->shared || area->path[0] || !area->rss_bytes ||
            (area->protection & (PROT_READ | PROT_WRITE)) != (PROT_READ | PROT_WRITE))
            continue;
        uint64_t at = (area->start + heap_bytes - 1) & ~(heap_bytes - 1);
        for (struct heap_info info; at < area->end && at >= area->start; at += heap_bytes) {
            if (!read_memory(pid, at, &info, sizeof info) || !is_heap(&info, at, area->end))
                continue;
            *VECTOR_PUSH(*regions, *count, *room) =
                (struct memory_region){at, at + info.opened_bytes, MEMORY_HEAP, -1};
            *arenas += info.previous == 0;
        }
    }
}
