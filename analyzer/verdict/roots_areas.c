// The process's memory as the kernel lists it, cut where the book of mappings knows that one mapping ends and
// another, or what nobody recorded, begins. Called by roots.c.
#include "analyzer/vector.h"
#include "analyzer/verdict/roots_parts.h"

#include <sys/mman.h>

bool roots_is_plain(const struct roots_area *area) {
    const struct smaps_area *kernel = area->kernel;
    return !kernel->inode && !kernel->shared && !(kernel->flags & SMAPS_DEVICE) &&
           (kernel->protection & (PROT_READ | PROT_WRITE)) == (PROT_READ | PROT_WRITE);
}

// mapping NULL: nobody recorded it.
static void add(struct roots_search *search, const struct smaps_area *kernel, uint64_t start, uint64_t end,
                const struct roots_mapping *mapping) {
    if (start < end)
        *VECTOR_PUSH(search->areas, search->area_count, search->area_room) =
            (struct roots_area){kernel, start, end, mapping != NULL, mapping && mapping->is_allocators};
}

// The break moves by any number of bytes; what holds pointers is made of words.
static uint64_t word_of(uint64_t address) {
    return address & ~(uint64_t)7;
}

void roots_find_areas(struct roots_search *search) {
    const struct roots_question *question = search->question;
    size_t next = 0;
    for (size_t i = 0; i < question->smaps->count; i++) {
        const struct smaps_area *kernel = &question->smaps->areas[i];
        uint64_t at = kernel->start;
        while (next < question->mapping_count && word_of(question->mappings[next].end) <= at)
            next++;
        for (size_t k = next; k < question->mapping_count && question->mappings[k].begin < kernel->end; k++) {
            const struct roots_mapping *mapping = &question->mappings[k];
            uint64_t begin = word_of(mapping->begin), end = word_of(mapping->end);
            if (begin > at) {
                add(search, kernel, at, begin, NULL);
                at = begin;
            }
            if (end > kernel->end)
                end = kernel->end;
            if (end > at) {
                add(search, kernel, at, end, mapping);
                at = end;
            }
        }
        add(search, kernel, at, kernel->end, NULL);
    }
}
