// See process_account.h. Called by assemble.c.
#include "analyzer/process_account.h"
#include "analyzer/memory/account.h"
#include "analyzer/owners.h"
#include "analyzer/process_mappings.h"
#include "analyzer/sites.h"

// What became of the sites that looks know by number.
struct known_sites {
    struct known_site {
        const char *id; // NULL: it is not in the report
        enum memory_kind kind;
    } * list;
    size_t count;
};

static const struct known_site *find(const struct known_sites *known, int32_t site) {
    static const struct known_site unknown = {.kind = MEMORY_MAPPING};
    return site >= 0 && (size_t)site < known->count ? &known->list[site] : &unknown;
}

static const char *id_of(void *context, int32_t site) {
    return find(context, site)->id;
}

static enum memory_kind kind_of(void *context, int32_t site) {
    return find(context, site)->kind;
}

static struct known_sites list_sites(const struct process *process, const struct report_process *report,
                                     struct arena *arena) {
    struct known_sites known = {.count = process->mapping_group_count};
    known.list = arena_array(arena, struct known_site, known.count);
    for (size_t i = 0; i < known.count; i++) {
        int64_t group = process_mapping_group(process, (int32_t)i);
        const struct report_site *site =
            group < 0 ? NULL : sites_of_group(report, &process->harvest, (size_t)group);
        bool aside = site && site >= report->sites + report->site_count;
        known.list[i] = (struct known_site){.id = site && !aside ? site->id : NULL,
                                            .kind = !aside                     ? MEMORY_MAPPING
                                                    : owners_is_runtimes(site) ? MEMORY_GO
                                                                               : MEMORY_HEAP};
    }
    return known;
}

struct report_memory *process_account(const struct process *process, const struct report_process *report,
                                      struct arena *arena) {
    if (!process->look)
        return NULL;
    struct known_sites sites = list_sites(process, report, arena);
    // A forked child's blocks are its parent's where it inherited them: those it can't be asked for.
    bool known = report->heap_tracked && process->begin == BEGIN_EXEC && process->attached &&
                 !(process->notes & NOTE_HEAP_BYPASSED);
    struct account_facts facts = {.heap_known = known,
                                  .live_bytes = process->counts.live_bytes,
                                  .site_id = id_of,
                                  .site_kind = kind_of,
                                  .context = &sites,
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
