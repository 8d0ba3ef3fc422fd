// See process_memory.h. Called by examine.c and process.c.
#include "analyzer/process_memory.h"
#include "analyzer/memory/look.h"
#include "analyzer/process_mappings.h"

#include <stdlib.h>

void process_forget_memory(struct process *process) {
    if (process->look)
        look_free(process->look);
    free(process->look);
    process->look = NULL;
}

// What is known besides the kernel's word: what we mapped there ourselves, and what the program did. The
// caller frees.
static struct memory_region *known_regions(struct process *process, size_t *count) {
    struct wire_own own[WIRE_OWN_AREAS];
    size_t mapped, own_count = family_own_areas(process->family, own);
    struct memory_region *regions = process_mapped_regions(process, &mapped);
    struct memory_region *all = realloc(regions, (mapped + own_count + 1) * sizeof *all);
    if (!all) {
        *count = mapped;
        return regions;
    }
    for (size_t i = 0; i < own_count; i++) {
        uint64_t pages = (own[i].bytes + PAGES_BYTES - 1) / PAGES_BYTES; // the last is ours as a whole
        all[mapped + i] =
            (struct memory_region){own[i].start, own[i].start + pages * PAGES_BYTES, MEMORY_SEEP, -1};
    }
    *count = mapped + own_count;
    return all;
}

bool process_look(struct process *process, bool at_end) {
    struct look *fresh = malloc(sizeof *fresh);
    bool there = fresh && !process->unseen && !process->absent && !process->replaced;
    size_t count = 0;
    struct memory_region *regions = there ? known_regions(process, &count) : NULL;
    bool taken = there && look_take(fresh, process->shown_as, regions, count) == 0;
    free(regions);
    if (!taken) {
        free(fresh);
        return false;
    }
    if (!at_end && process_is_gone(process)) { // its id may be another's by now
        look_free(fresh);
        free(fresh);
        return false;
    }
    process_forget_memory(process);
    process->look = fresh;
    process->looked_at_end = at_end;
    process_compare_mappings(process);
    return true;
}

struct marking {
    struct process *process;
    const struct verdicts *verdict;
    size_t visited;
};

static void mark(void *context, const struct live_block *block) {
    struct marking *m = context;
    size_t nth = m->visited++;
    enum verdict verdict = m->verdict ? verdict_of(m->verdict, nth) : VERDICT_UNCLASSIFIED;
    m->process->live_resident_bytes[verdict] +=
        pieces_mark(&m->process->look->pieces, block->address, block->bytes);
}

void process_mark_blocks(struct process *process, const struct verdicts *verdict) {
    struct marking marking = {.process = process, .verdict = verdict};
    if (process->look)
        live_each(process->live, mark, &marking);
}
