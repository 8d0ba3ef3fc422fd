// See memory.h. Called by verdict.c and roots*.c.
#include "analyzer/verdict/memory.h"
#include "analyzer/vector.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGE = 4096, PAGEMAP_ENTRIES = 8192 };
static const uint64_t worth_a_look_bytes = 1 << 20;
#define PAGE_IS_THERE (3ull << 62) // present, or swapped out

ssize_t memory_read(void *context, uint64_t address, void *buffer, size_t bytes) {
    struct iovec here = {buffer, bytes}, there = {(void *)(uintptr_t)address, bytes};
    ssize_t got = process_vm_readv(*(pid_t *)context, &here, 1, &there, 1, 0);
    return got < 0 ? -errno : got;
}

int memory_copy(pid_t pid, uint64_t address, void *buffer, size_t bytes) {
    ssize_t got = memory_read(&pid, address, buffer, bytes);
    return got == (ssize_t)bytes ? 0 : got < 0 ? (int)got : -EFAULT;
}

struct mapping_list {
    struct classify_mapping *entries;
    size_t count, room;
};

static void add(struct mapping_list *list, uint64_t begin, uint64_t end, unsigned flags) {
    struct classify_mapping *last = list->count ? &list->entries[list->count - 1] : NULL;
    if (last && last->end == begin && last->flags == flags && (flags & MAPPING_EMPTY))
        last->end = end;
    else if (begin < end)
        *VECTOR_PUSH(list->entries, list->count, list->room) = (struct classify_mapping){begin, end, flags};
}

static bool is_there(uint64_t entry) {
    return entry & PAGE_IS_THERE;
}

// Cuts an area where pages that are there meet pages that are not. What can't be told counts as there.
static void add_by_page(struct mapping_list *list, int pagemap, const struct smaps_area *area,
                        unsigned flags) {
    static uint64_t entries[PAGEMAP_ENTRIES];
    uint64_t begin = area->start;
    bool there = true;
    for (uint64_t at = area->start; at < area->end;) {
        uint64_t pages = (area->end - at) / PAGE;
        size_t wanted = (pages < PAGEMAP_ENTRIES ? pages : PAGEMAP_ENTRIES) * sizeof *entries;
        ssize_t got = pread(pagemap, entries, wanted, (off_t)(at / PAGE * sizeof *entries));
        if (got < (ssize_t)sizeof *entries)
            break;
        for (size_t i = 0; i < (size_t)got / sizeof *entries; i++, at += PAGE)
            if (is_there(entries[i]) != there) {
                add(list, begin, at, there ? flags : flags | MAPPING_EMPTY);
                begin = at;
                there = !there;
            }
    }
    add(list, begin, area->end, there ? flags : flags | MAPPING_EMPTY);
}

struct classify_mapping *memory_mappings(pid_t pid, const struct smaps *smaps, size_t *count) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/pagemap", (int)pid);
    int pagemap = open(path, O_RDONLY | O_CLOEXEC);
    struct mapping_list list = {0};
    for (size_t i = 0; i < smaps->count; i++) {
        const struct smaps_area *area = &smaps->areas[i];
        uint64_t there = area->rss_bytes + area->swap_bytes + area->hugetlb_bytes,
                 bytes = area->end - area->start;
        unsigned flags =
            (area->inode ? MAPPING_FILE : 0) | (area->protection & PROT_EXEC ? MAPPING_EXECUTABLE : 0);
        if ((area->protection & PROT_READ) && !(area->flags & SMAPS_DEVICE))
            flags |= MAPPING_READABLE;
        if (!(flags & MAPPING_READABLE) || there == bytes)
            add(&list, area->start, area->end, flags);
        else if (there == 0 && !area->inode)
            add(&list, area->start, area->end, flags | MAPPING_EMPTY);
        else if (pagemap >= 0 && !area->inode && !area->hugetlb_bytes && bytes >= worth_a_look_bytes)
            add_by_page(&list, pagemap, area, flags);
        else
            add(&list, area->start, area->end, flags);
    }
    if (pagemap >= 0)
        close(pagemap);
    *count = list.count;
    return list.entries;
}
