// See process_mappings.h. Called by process_memory.c and process.c.
#include "analyzer/process_mappings.h"
#include "analyzer/ledger/mappings.h"
#include "analyzer/memory/look.h"
#include "analyzer/must.h"
#include "analyzer/vector.h"

#include <sys/mman.h>

// The number of who mapped this.
static int32_t site_of(struct process *process, const struct mapping *mapping) {
    uint64_t key = (uint64_t)mapping->stack << 8 | mapping->call;
    return (int32_t)*table_at(&process->mapping_sites, key, (uint32_t)process->mapping_sites.count, NULL);
}

struct listing {
    struct process *process;
    const struct mappings *book;
    struct memory_region *regions;
    size_t count, room;
};

static void list(void *context, const struct mapping_piece *piece) {
    struct listing *l = context;
    *VECTOR_PUSH(l->regions, l->count, l->room) = (struct memory_region){
        piece->start, piece->end, MEMORY_MAPPING, site_of(l->process, mappings_at(l->book, piece->mapping))};
}

struct memory_region *process_mapped_regions(struct process *process, size_t *count) {
    struct listing listing = {.process = process, .book = ledger_mappings(process->ledger)};
    mappings_each(listing.book, list, &listing);
    *count = listing.count;
    return listing.regions;
}

void process_compare_mappings(struct process *process) {
    if (process->look)
        mappings_reconcile(ledger_mappings(process->ledger), &process->look->smaps);
}

// What of a site's mappings is in memory.
struct weight {
    int64_t resident_bytes, dirty_bytes; // -1: not known
};

static void add_known(int64_t *sum, int64_t more) {
    *sum = *sum < 0 || more < 0 ? -1 : *sum + more;
}

// Which of an area's resident bytes are dirty is known where all or none are, and where the piece is all of
// it.
static int64_t dirty_bytes(const struct smaps_area *area, const struct memory_piece *piece) {
    uint64_t dirty = smaps_dirty_bytes(area);
    if (dirty == 0 || (piece->start == area->start && piece->end == area->end))
        return (int64_t)dirty;
    return dirty == area->rss_bytes ? (int64_t)piece->resident_bytes : -1;
}

// Without the kernel's word on each page, an area that is cut has one figure for all of its pieces.
static int64_t resident_bytes(const struct look *look, const struct smaps_area *area,
                              const struct memory_piece *piece) {
    bool whole = piece->start == area->start && piece->end == area->end;
    return whole || look->pages_known || area->rss_bytes == 0 ? (int64_t)piece->resident_bytes : -1;
}

static void weigh(const struct look *look, struct weight *weights, size_t limit) {
    for (size_t i = 0; i < look->pieces.count; i++) {
        const struct memory_piece *piece = &look->pieces.list[i];
        const struct smaps_area *area = smaps_find(&look->smaps, piece->start);
        if (piece->kind != MEMORY_MAPPING || (uint32_t)piece->site >= limit || !area)
            continue;
        struct weight *weight = &weights[piece->site];
        int64_t resident = resident_bytes(look, area, piece);
        add_known(&weight->resident_bytes, resident);
        add_known(&weight->dirty_bytes, resident < 0 ? -1 : dirty_bytes(area, piece));
    }
}

static const char *protection_word(int protection, bool shared) {
    static const char *const words[] = {"---p", "r--p", "-w-p", "rw-p", "--xp", "r-xp", "-wxp", "rwxp",
                                        "---s", "r--s", "-w-s", "rw-s", "--xs", "r-xs", "-wxs", "rwxs"};
    return words[(protection & PROT_READ ? 1 : 0) | (protection & PROT_WRITE ? 2 : 0) |
                 (protection & PROT_EXEC ? 4 : 0) | (shared ? 8 : 0)];
}

// As it was mapped, if it can't be said how it is now.
static const char *protection_of(const struct mapping *mapping, const struct smaps_area *area) {
    if (area)
        return protection_word(area->protection, area->shared);
    uint16_t flags = mapping->flags;
    return protection_word((flags & RECORD_MAP_READ ? PROT_READ : 0) |
                               (flags & RECORD_MAP_WRITE ? PROT_WRITE : 0) |
                               (flags & RECORD_MAP_EXECUTE ? PROT_EXEC : 0),
                           flags & RECORD_MAP_SHARED);
}

// Shared anonymous memory has a file in the kernel's books, but none that anybody opened.
static const char *file_of(const struct mapping *mapping, const struct smaps_area *area) {
    bool has_one =
        mapping->flags & RECORD_MAP_FILE || mapping->call == CALL_shmat || mapping->call == CALL_mremap;
    return area && has_one && area->path[0] == '/' ? area->path : NULL;
}

struct harvesting {
    const struct mappings *book;
    const struct smaps *smaps; // NULL: not looked at
    struct harvester *harvester;
    bool *seen; // by mapping: it was added
};

static void add(void *context, const struct mapping_piece *piece) {
    struct harvesting *h = context;
    if (h->seen[piece->mapping])
        return;
    h->seen[piece->mapping] = true;
    const struct mapping *mapping = mappings_at(h->book, piece->mapping);
    const struct smaps_area *area = h->smaps ? smaps_find(h->smaps, piece->start) : NULL;
    const char *file = file_of(mapping, area);
    harvest_add(h->harvester, &(struct harvest_item){.kind = SITE_MAP,
                                                     .verdict = VERDICT_MAPPED,
                                                     .call = mapping->call,
                                                     .stack = mapping->stack,
                                                     .address = piece->start,
                                                     .bytes = mapping->left,
                                                     .type = file ? "file" : NULL,
                                                     .target = file,
                                                     .state = protection_of(mapping, area)});
}

// All mappings of a group are of one site.
static void weigh_groups(struct process *process) {
    const struct look *look = process->looked_at_end ? process->look : NULL;
    size_t limit = process->mapping_sites.count;
    struct weight *weights = must(calloc(limit, sizeof *weights));
    process->mapping_groups = must(calloc(limit, sizeof *process->mapping_groups));
    process->mapping_group_count = limit;
    process->mapped_resident_bytes = look ? 0 : -1;
    if (look)
        weigh(look, weights, limit);
    for (size_t i = 0; i < process->harvest.group_count; i++) {
        struct harvested_group *group = &process->harvest.groups[i];
        if (group->kind != SITE_MAP)
            continue;
        struct mapping mapping = {.stack = group->stack, .call = group->call};
        size_t site = (size_t)site_of(process, &mapping);
        if (site < limit)
            process->mapping_groups[site] = (int64_t)i + 1;
        struct weight weight = look && site < limit ? weights[site] : (struct weight){-1, -1};
        group->resident_bytes = weight.resident_bytes;
        group->dirty_bytes = weight.dirty_bytes;
        add_known(&process->mapped_resident_bytes, weight.resident_bytes);
    }
    free(weights);
}

void process_harvest_mappings(struct process *process, struct harvester *harvester) {
    struct mappings *book = ledger_mappings(process->ledger);
    struct harvesting h = {.book = book, .harvester = harvester};
    mappings_count(book, &process->mapping_counts);
    h.seen = must(calloc(mappings_limit(book), sizeof *h.seen));
    h.smaps = process->looked_at_end && process->look ? &process->look->smaps : NULL;
    mappings_each(book, add, &h);
    free(h.seen);
    weigh_groups(process);
}

int64_t process_mapping_group(const struct process *process, int32_t site) {
    return site >= 0 && (size_t)site < process->mapping_group_count ? process->mapping_groups[site] - 1 : -1;
}
