// The regions of allocators: what they hold of pointers outside of blocks is theirs, or was freed. What a
// recorded call mapped is an allocator's if that made the call, or if blocks lie in it; where calls were not
// recorded, all that the kernel lists as one area around a block. Called by roots.c.
#include "analyzer/verdict/roots_parts.h"

#include <string.h>

static uint64_t up_to_16(uint64_t address) {
    return (address + 15) & ~(uint64_t)15;
}

static bool is_heap(const struct roots_area *area) {
    return strcmp(area->kernel->path, "[heap]") == 0 && !area->is_booked;
}

static bool is_anonymous(const struct roots_area *area) {
    return !area->kernel->inode && !area->kernel->shared && !(area->kernel->flags & SMAPS_DEVICE);
}

// A block in plain memory that glibc did not give it: the memory is another allocator's. glibc's own lie in
// the regions that are known, or have mappings to themselves.
static bool has_blocks_of_another(struct roots_search *search, const struct roots_area *area,
                                  const struct ranges *known) {
    const struct roots_question *question = search->question;
    size_t next = 0;
    for (size_t i = roots_first_block(question, area->start);
         i < question->block_count && question->blocks[i].address < area->end; i++) {
        const struct classify_block *block = &question->blocks[i];
        while (next < known->count && known->entries[next].end <= block->address)
            next++;
        if (next < known->count && known->entries[next].begin <= block->address)
            continue;
        struct classify_range mapped;
        if (!roots_glibc_mapped(search->pid, block, &mapped) || mapped.begin < area->start ||
            mapped.end > area->end)
            return true;
        ranges_add(&search->regions, mapped.begin, mapped.end);
    }
    return false;
}

static void find_regions(struct roots_search *search) {
    roots_find_glibc(search);
    struct ranges known = {0}, none = {0};
    ranges_settle(&search->regions);
    ranges_subtract(&search->regions, &none, &known);
    ranges_add(&known, search->question->own_region.begin, search->question->own_region.end);
    ranges_settle(&known);
    for (size_t i = 0; i < search->area_count; i++) {
        const struct roots_area *area = &search->areas[i];
        if (is_heap(area) || (area->is_allocators && is_anonymous(area)) ||
            (roots_is_plain(area) && has_blocks_of_another(search, area, &known)))
            ranges_add(&search->regions, area->start, area->end);
    }
    ranges_free(&known);
    ranges_settle(&search->regions);
}

static void cut_blocks(struct roots_search *search, uint64_t begin, uint64_t end) {
    const struct roots_question *question = search->question;
    for (size_t i = roots_first_block(question, begin);
         i < question->block_count && question->blocks[i].address < end; i++) {
        const struct classify_block *block = &question->blocks[i];
        ranges_add(&search->cut, block->address, up_to_16(block->address + block->bytes));
    }
}

// In a forked child the regions also hold what its parent had allocated, whose blocks are not known; and the
// shim's arena holds what the loader allocated for the shim, such as its entry in the list of loaded objects,
// through which all later entries are found. So there all that is not a block of the process's own may hold
// pointers.
void roots_cut_allocators(struct roots_search *search) {
    const struct classify_range *own = &search->question->own_region;
    find_regions(search);
    cut_blocks(search, own->begin, own->end);
    if (search->question->is_forked)
        cut_blocks(search, 0, UINT64_MAX);
    else
        for (size_t i = 0; i < search->regions.count; i++)
            ranges_add(&search->cut, search->regions.entries[i].begin, search->regions.entries[i].end);
}
