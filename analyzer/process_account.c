// See process_account.h. Called by assemble.c.
#include "analyzer/process_account.h"
#include "analyzer/memory/account.h"
#include "analyzer/process_mappings.h"
#include "analyzer/sites.h"

// The ids of the report's sites, by the numbers that looks know them by.
struct site_ids {
    const char **ids;
    size_t count;
};

static const char *id_of(void *context, int32_t site) {
    const struct site_ids *known = context;
    return site >= 0 && (size_t)site < known->count ? known->ids[site] : NULL;
}

static struct site_ids list_ids(const struct process *process, const struct report_process *report,
                                struct arena *arena) {
    struct site_ids known = {.count = process->mapping_group_count};
    known.ids = arena_array(arena, const char *, known.count);
    for (size_t i = 0; i < known.count; i++) {
        int64_t group = process_mapping_group(process, (int32_t)i);
        const struct report_site *site =
            group < 0 ? NULL : sites_of_group(report, &process->harvest, (size_t)group);
        known.ids[i] = site ? site->id : NULL;
    }
    return known;
}

struct report_memory *process_account(const struct process *process, const struct report_process *report,
                                      struct arena *arena) {
    if (!process->look)
        return NULL;
    struct site_ids known_ids = list_ids(process, report, arena);
    // A forked child's blocks are its parent's where it inherited them: those it can't be asked for.
    bool known = report->heap_tracked && process->begin == BEGIN_EXEC && process->attached &&
                 !(process->notes & NOTE_HEAP_BYPASSED);
    struct account_facts facts = {.heap_known = known,
                                  .live_bytes = process->counts.live_bytes,
                                  .site_id = id_of,
                                  .context = &known_ids,
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
