// See process_memory.h. Called by examine.c, process.c and assemble.c.
#include "analyzer/process_memory.h"
#include "analyzer/memory/account.h"
#include "analyzer/vector.h"

#include <stdlib.h>
#include <time.h>

uint64_t process_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void process_forget_memory(struct process *process) {
    if (process->look)
        look_free(process->look);
    free(process->look);
    process->look = NULL;
}

// What is known besides the kernel's word. The caller frees.
static struct memory_region *known_regions(const struct process *process, size_t *count) {
    struct wire_own own[WIRE_OWN_AREAS];
    struct memory_region *regions = NULL;
    size_t room = 0, own_count = family_own_areas(process->family, own);
    *count = 0;
    for (size_t i = 0; i < own_count; i++)
        *VECTOR_PUSH(regions, *count, room) =
            (struct memory_region){own[i].start, own[i].start + own[i].bytes, MEMORY_SEEP, -1};
    return regions;
}

void process_look(struct process *process, bool at_end) {
    struct look *fresh = malloc(sizeof *fresh);
    bool there = fresh && !process->unseen && !process->absent && !process->replaced;
    size_t count = 0;
    struct memory_region *regions = there ? known_regions(process, &count) : NULL;
    bool taken = there && look_take(fresh, process->pid, regions, count) == 0;
    free(regions);
    if (!taken) {
        free(fresh);
        return;
    }
    if (!at_end && process_is_gone(process)) { // its id may be another's by now
        look_free(fresh);
        free(fresh);
        return;
    }
    process_forget_memory(process);
    process->look = fresh;
    process->looked_at_end = at_end;
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

struct report_memory *process_account(const struct process *process, bool heap_tracked, struct arena *arena) {
    if (!process->look)
        return NULL;
    // A forked child's blocks are its parent's where it inherited them: those it can't be asked for.
    bool known = heap_tracked && process->begin == BEGIN_EXEC && process->attached &&
                 !(process->notes & NOTE_HEAP_BYPASSED);
    struct account_facts facts = {.heap_known = known,
                                  .live_bytes = process->counts.live_bytes,
                                  .ended_ns = process->looked_at_end ? 0 : process->ended_ns};
    for (int verdict = 0; verdict < VERDICT_OPEN; verdict++)
        facts.live_resident_bytes[verdict] = process->live_resident_bytes[verdict];
    struct report_memory *memory = account_make(process->look, &facts, arena);
    int64_t most_seen = (int64_t)(process->sampling.most_pages * PAGES_BYTES);
    if (memory->peak_rss_bytes >= 0 && memory->peak_rss_bytes < most_seen)
        memory->peak_rss_bytes = most_seen;
    memory->killed = process->killed_for_memory;
    return memory;
}
