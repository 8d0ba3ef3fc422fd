// See account.h. Called by assemble.c. Sums are kept exact: what is subtracted from one row is in another.
#include "analyzer/memory/account.h"
#include "analyzer/memory/remedy.h"
#include "analyzer/vector.h"

#include <string.h>

struct making {
    const struct look *look;
    const struct account_facts *facts;
    struct arena *arena;
    struct report_memory_row *rows; // not merged yet
    size_t count, room;
};

static void add(struct making *m, enum memory_row_kind what, uint64_t bytes, const char *site,
                const char *file) {
    if (!bytes)
        return;
    *VECTOR_PUSH(m->rows, m->count, m->room) = (struct report_memory_row){
        .what = what, .verdict = -1, .site = site, .file = file, .bytes = bytes, .pieces = 1};
}

static uint64_t take(uint64_t *from, uint64_t wanted) {
    uint64_t taken = wanted < *from ? wanted : *from;
    *from -= taken;
    return taken;
}

// What the allocator holds of a piece beside live blocks.
static void add_held(struct making *m, const struct memory_piece *piece, uint64_t left, bool glibc) {
    uint64_t free_pages = 0;
    if (piece->pages.resident)
        free_pages = take(&left, pages_without_live_bytes(&piece->pages));
    else if (!piece->blocks)
        free_pages = take(&left, left);
    if (glibc)
        add(m, MEMORY_ROW_HEAP_OVERHEAD, take(&left, piece->rounding_bytes), NULL, NULL);
    add(m, MEMORY_ROW_HEAP_FREE_PAGES, free_pages, NULL, NULL);
    add(m, MEMORY_ROW_HEAP_FREE_PIECES, left, NULL, NULL);
}

static bool is_unattributed(const struct memory_piece *piece) {
    return piece->kind == MEMORY_OTHER && !piece->live_bytes;
}

static void add_piece(struct making *m, const struct memory_piece *piece, bool glibc) {
    static const enum memory_row_kind rows[] = {
        [MEMORY_OTHER] = MEMORY_ROW_UNATTRIBUTED, [MEMORY_HEAP] = MEMORY_ROW_HEAP_UNDIVIDED,
        [MEMORY_MAPPING] = MEMORY_ROW_MAPPING,    [MEMORY_STACK] = MEMORY_ROW_STACKS,
        [MEMORY_FILE] = MEMORY_ROW_FILE,          [MEMORY_SHARED] = MEMORY_ROW_SHARED,
        [MEMORY_GO] = MEMORY_ROW_GO_HEAP,         [MEMORY_SEEP] = MEMORY_ROW_SEEP,
    };
    uint64_t left = piece->resident_bytes - piece->live_resident_bytes; // which were added as a whole
    const struct account_facts *facts = m->facts;
    enum memory_kind kind = piece->kind;
    bool has_site = kind == MEMORY_MAPPING && piece->site >= 0;
    if (has_site && facts->site_kind)
        kind = facts->site_kind(facts->context, piece->site);
    bool heaps_own = kind == MEMORY_HEAP || (kind == MEMORY_OTHER && !is_unattributed(piece)) ||
                     (piece->live_bytes && (kind == MEMORY_MAPPING || kind == MEMORY_STACK));
    if (heaps_own && facts->heap_known) {
        add_held(m, piece, left, glibc);
        return;
    }
    const char *site = has_site && kind == MEMORY_MAPPING && facts->site_id
                           ? facts->site_id(facts->context, piece->site)
                           : NULL;
    bool named = (kind == MEMORY_FILE || kind == MEMORY_SHARED || kind == MEMORY_MAPPING) && piece->file &&
                 *piece->file;
    add(m, heaps_own ? MEMORY_ROW_HEAP_UNDIVIDED : rows[kind], left, site, named ? piece->file : NULL);
}

static void add_live(struct making *m) {
    for (int verdict = 0; verdict < VERDICT_OPEN; verdict++) {
        add(m, MEMORY_ROW_HEAP_LIVE, m->facts->live_resident_bytes[verdict], NULL, NULL);
        if (m->facts->live_resident_bytes[verdict])
            m->rows[m->count - 1].verdict = verdict;
    }
}

static int compare_texts(const char *a, const char *b) {
    return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int compare_subjects(const void *left, const void *right) {
    const struct report_memory_row *a = left, *b = right;
    if (a->what != b->what)
        return a->what < b->what ? -1 : 1;
    if (a->verdict != b->verdict)
        return a->verdict < b->verdict ? -1 : 1;
    int sites = compare_texts(a->site, b->site);
    return sites ? sites : compare_texts(a->file, b->file);
}

static int compare_rows(const void *left, const void *right) {
    const struct report_memory_row *a = left, *b = right;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    return compare_subjects(a, b);
}

// One row for each subject, in the arena.
static void merge(struct making *m, struct report_memory *out) {
    size_t kept = 0;
    if (m->count)
        qsort(m->rows, m->count, sizeof *m->rows, compare_subjects);
    for (size_t i = 0; i < m->count; i++) {
        if (kept && compare_subjects(&m->rows[kept - 1], &m->rows[i]) == 0) {
            m->rows[kept - 1].bytes += m->rows[i].bytes;
            m->rows[kept - 1].pieces += m->rows[i].pieces;
        } else {
            m->rows[kept++] = m->rows[i];
        }
    }
    out->rows = arena_array(m->arena, struct report_memory_row, kept);
    out->row_count = kept;
    for (size_t i = 0; i < kept; i++) {
        out->rows[i] = m->rows[i];
        out->rows[i].site = arena_strdup(m->arena, m->rows[i].site);
        out->rows[i].file = arena_strdup(m->arena, m->rows[i].file);
    }
    if (kept)
        qsort(out->rows, kept, sizeof *out->rows, compare_rows);
    free(m->rows);
}

// By the library that serves malloc; one that is linked statically can't be told from none.
static const char *name_allocator(const struct smaps *smaps) {
    static const char *const names[] = {"jemalloc", "tcmalloc", "mimalloc"};
    bool glibc = false;
    for (size_t i = 0; i < smaps->count; i++) {
        const char *slash = strrchr(smaps->areas[i].path, '/');
        if (!slash || strncmp(slash, "/lib", 4) != 0)
            continue;
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            if (strncmp(slash + 4, names[k], strlen(names[k])) == 0)
                return names[k];
        glibc |= strcmp(slash, "/libc.so.6") == 0 || strncmp(slash, "/libc-2.", 8) == 0;
    }
    return glibc ? "glibc" : NULL;
}

static struct report_cgroup *copy_cgroup(const struct cgroup_memory *from, struct arena *arena) {
    if (!from->version)
        return NULL;
    struct report_cgroup *out = arena_alloc(arena, sizeof *out);
    *out = (struct report_cgroup){.version = from->version,
                                  .path = arena_strdup(arena, from->path),
                                  .current_bytes = from->current_bytes,
                                  .limit_bytes = from->limit_bytes,
                                  .peak_bytes = from->peak_bytes,
                                  .anonymous_bytes = from->anonymous_bytes,
                                  .page_cache_bytes = from->page_cache_bytes,
                                  .shared_bytes = from->shared_bytes,
                                  .kernel_bytes = from->kernel_bytes,
                                  .swap_bytes = from->swap_bytes,
                                  .oom_kills = from->oom_kills};
    return out;
}

static bool is_the_kernels(const struct look *look, uint64_t address) {
    const struct smaps_area *area = smaps_find(&look->smaps, address);
    return area && strncmp(area->path, "[v", 2) == 0; // [vdso], [vvar]
}

struct account_unattributed account_unattributed(const struct look *look) {
    struct account_unattributed sum = {0};
    for (size_t i = 0; i < look->pieces.count; i++) {
        const struct memory_piece *piece = &look->pieces.list[i];
        if (!is_unattributed(piece) || is_the_kernels(look, piece->start))
            continue;
        sum.regions++;
        sum.bytes += piece->end - piece->start;
    }
    return sum;
}

struct report_memory *account_make(const struct look *look, const struct account_facts *facts,
                                   struct arena *arena) {
    struct making m = {.look = look, .facts = facts, .arena = arena};
    struct report_memory *out = arena_alloc(arena, sizeof *out);
    uint64_t live_resident = 0;
    for (int verdict = 0; verdict < VERDICT_OPEN; verdict++)
        live_resident += facts->live_resident_bytes[verdict];
    if (facts->ended_ns > look->taken_ns)
        out->age_seconds = (double)(facts->ended_ns - look->taken_ns) / 1e9;
    out->rss_bytes = look->rss_bytes;
    out->pss_bytes = look->pss_bytes;
    out->swap_bytes = look->swap_bytes;
    out->hugetlb_bytes = look->hugetlb_bytes;
    out->peak_rss_bytes = look->peak_rss_bytes;
    out->estimated = !look->pages_known || facts->ended_ns;
    out->allocator = name_allocator(&look->smaps);
    bool glibc = out->allocator && strcmp(out->allocator, "glibc") == 0;
    out->arenas = glibc ? 1 + (int64_t)look->arenas : -1;
    out->live_untouched_bytes = facts->heap_known ? (int64_t)(facts->live_bytes - live_resident) : -1;
    add_live(&m);
    for (size_t i = 0; i < look->pieces.count; i++)
        add_piece(&m, &look->pieces.list[i], glibc);
    merge(&m, out);
    out->remedy = remedy_for(out, arena);
    out->cgroup = copy_cgroup(&look->cgroup, arena);
    return out;
}
