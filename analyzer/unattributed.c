// See unattributed.h. Called by assemble.c when the descriptors and mappings of a process were compared with
// what the kernel has.
#include "analyzer/unattributed.h"
#include "analyzer/ledger/descriptors.h"
#include "analyzer/ledger/mappings.h"
#include "analyzer/memory/account.h"
#include "analyzer/vector.h"

#include <string.h>
#include <sys/mman.h>

struct grouping {
    struct arena *arena;
    struct report_unattributed *list;
    size_t count, room;
};

static int compare_words(const char *a, const char *b) {
    return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int by_sort(const void *left, const void *right) {
    const struct report_unattributed *a = left, *b = right;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    int types = compare_words(a->type, b->type), states = compare_words(a->state, b->state);
    return types ? types : states ? states : compare_words(a->target, b->target);
}

static int by_weight(const void *left, const void *right) {
    const struct report_unattributed *a = left, *b = right;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return by_sort(left, right);
}

static void add(struct grouping *g, enum site_kind kind, const char *type, const char *target,
                const char *state, uint64_t count, uint64_t bytes) {
    *VECTOR_PUSH(g->list, g->count, g->room) = (struct report_unattributed){
        .kind = kind, .type = type, .target = target, .state = state, .count = count, .bytes = bytes};
}

// One entry for each sort, in the arena.
static void merge(struct grouping *g, struct report_process *out) {
    size_t kept = 0;
    if (g->count)
        qsort(g->list, g->count, sizeof *g->list, by_sort);
    for (size_t i = 0; i < g->count; i++) {
        struct report_unattributed *last = kept ? &g->list[kept - 1] : NULL;
        if (last && by_sort(last, &g->list[i]) == 0) {
            last->count += g->list[i].count;
            last->bytes += g->list[i].bytes;
        } else {
            g->list[kept++] = g->list[i];
        }
    }
    if (kept)
        qsort(g->list, kept, sizeof *g->list, by_weight);
    out->unattributed_groups = arena_array(g->arena, struct report_unattributed, kept);
    out->unattributed_group_count = kept;
    for (size_t i = 0; i < kept; i++) {
        struct report_unattributed *group = &out->unattributed_groups[i];
        *group = g->list[i];
        group->type = arena_strdup(g->arena, group->type);
        group->target = arena_strdup(g->arena, group->target);
        group->state = arena_strdup(g->arena, group->state);
    }
    free(g->list);
}

// --- descriptors
// ------------------------------------------------------------------------------------------------

// A connected socket shares one of its two addresses with others: a server's its own, a client's the other.
struct connection {
    const struct open_file *file;
    uint64_t here, there; // connections of the same local address, and of the same remote one
};

static int by_local(const void *left, const void *right) {
    const struct connection *a = left, *b = right;
    return strcmp(a->file->local, b->file->local);
}

static int by_remote(const void *left, const void *right) {
    const struct connection *a = left, *b = right;
    return strcmp(a->file->remote, b->file->remote);
}

// The end of the run of equal ones that begins at i.
static size_t run_end(const struct connection *list, size_t count, size_t i,
                      int (*order)(const void *, const void *)) {
    size_t end = i + 1;
    while (end < count && order(&list[i], &list[end]) == 0)
        end++;
    return end;
}

static void count_sharers(struct connection *list, size_t count) {
    qsort(list, count, sizeof *list, by_local);
    for (size_t i = 0, end; i < count; i = end) {
        end = run_end(list, count, i, by_local);
        for (size_t k = i; k < end; k++)
            list[k].here = end - i;
    }
    qsort(list, count, sizeof *list, by_remote);
    for (size_t i = 0, end; i < count; i = end) {
        end = run_end(list, count, i, by_remote);
        for (size_t k = i; k < end; k++)
            list[k].there = end - i;
    }
}

static void add_connections(struct grouping *g, struct connection *list, size_t count) {
    if (!count)
        return;
    count_sharers(list, count);
    for (size_t i = 0; i < count; i++) {
        const struct connection *it = &list[i];
        const char *target = it->here == 1 && it->there == 1 ? it->file->target
                             : it->here > it->there ? arena_printf(g->arena, "%s -> several", it->file->local)
                                                    : it->file->remote;
        add(g, SITE_FD, it->file->type, target, it->file->state, 1, 0);
    }
}

static void add_descriptors(struct grouping *g, const struct process *process) {
    size_t count, connected = 0;
    const struct descriptor *all = descriptors_all(ledger_descriptors(process->ledger), &count);
    struct connection *connections = arena_array(g->arena, struct connection, count);
    for (size_t i = 0; i < count; i++) {
        const struct open_file *file =
            all[i].state == DESCRIPTOR_UNATTRIBUTED ? open_files_find(&process->files, all[i].fd) : NULL;
        if (file && file->remote)
            connections[connected++] = (struct connection){.file = file};
        else if (file)
            add(g, SITE_FD, file->type, file->subject, file->state, 1, 0);
    }
    add_connections(g, connections, connected);
}

// --- mappings
// ---------------------------------------------------------------------------------------------------

// Programs and libraries: the loader maps them, code and data.
struct code_files {
    const char **paths;
    size_t count, room;
};

static void list_code(struct code_files *code, const struct smaps *smaps) {
    for (size_t i = 0; i < smaps->count; i++) {
        const struct smaps_area *area = &smaps->areas[i];
        bool again = code->count && strcmp(code->paths[code->count - 1], area->path) == 0;
        if (area->protection & PROT_EXEC && area->path[0] == '/' && !again)
            *VECTOR_PUSH(code->paths, code->count, code->room) = area->path;
    }
}

static bool is_code(const struct code_files *code, const char *path) {
    for (size_t i = 0; i < code->count; i++)
        if (strcmp(code->paths[i], path) == 0)
            return true;
    size_t length = strlen(path); // some libraries hold nothing but data
    return strstr(path, ".so.") || (length > 3 && strcmp(path + length - 3, ".so") == 0);
}

static void add_mappings(struct grouping *g, const struct process *process) {
    const struct smaps *smaps = &process->look->smaps;
    const struct mappings *book = ledger_mappings(process->ledger);
    struct account_unattributed anonymous = account_unattributed(process->look);
    if (anonymous.regions)
        add(g, SITE_MAP, "anonymous", NULL, NULL, anonymous.regions, anonymous.bytes);
    struct code_files code = {0};
    list_code(&code, smaps);
    for (size_t i = 0; i < smaps->count; i++) {
        const struct smaps_area *area = &smaps->areas[i];
        bool ours = strncmp(area->path, "/memfd:seep", strlen("/memfd:seep")) == 0;
        if (area->path[0] == '/' && !ours && !mappings_touch(book, area->start, area->end) &&
            !is_code(&code, area->path))
            add(g, SITE_MAP, "file", area->path, NULL, 1, area->end - area->start);
    }
    free(code.paths);
}

void unattributed_group(struct report_process *out, const struct process *process, struct arena *arena) {
    struct grouping g = {.arena = arena};
    if (out->fd_tracked && process->looked_at)
        add_descriptors(&g, process);
    if (out->map_tracked && process->looked_at_end && process->look)
        add_mappings(&g, process);
    merge(&g, out);
}
