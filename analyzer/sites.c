// See sites.h. Called by assemble.c.
#include "analyzer/sites.h"
#include "analyzer/resolved.h"
#include "analyzer/table.h"
#include "analyzer/vector.h"
#include "preload/wire/record.h"

#include <stdlib.h>
#include <string.h>

const char *sites_call_name(uint8_t call) {
    switch (call) {
#define NAME(value, call, name)                                                                              \
    case value:                                                                                              \
        return name;
        WIRE_CALLS(NAME)
#undef NAME
    default:
        return "unknown";
    }
}

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t bytes) // FNV-1a
{
    for (const unsigned char *at = data; bytes--; at++)
        hash = (hash ^ *at) * 0x100000001b3ull;
    return hash;
}

static uint64_t hash_text(uint64_t hash, const char *text) {
    return hash_bytes(hash, text ? text : "", text ? strlen(text) + 1 : 1);
}

static const uint64_t hash_start = 0xcbf29ce484222325ull;

static uint64_t hash_word(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
    return hash ^ hash >> 32;
}

// An object that was loaded twice is the same.
static uint64_t module_key(const struct harvested_module *module) {
    return hash_bytes(hash_text(hash_start, module->path), module->build_id, module->build_id_bytes);
}

static uint64_t *module_keys(const struct harvest *harvest, struct arena *arena) {
    uint64_t *keys = arena_array(arena, uint64_t, harvest->module_count);
    for (size_t i = 0; i < harvest->module_count; i++)
        keys[i] = module_key(&harvest->modules[i]);
    return keys;
}

// Everything that tells one stack from another: groups of the same call with the same key are one site.
// modules: their keys; NULL: yet to be made.
static uint64_t group_key(const struct harvest *harvest, const struct harvested_group *group,
                          const uint64_t *modules) {
    const unsigned char what[] = {group->call, (unsigned char)group->kind, (unsigned char)group->verdict,
                                  group->truncated};
    uint64_t hash = hash_bytes(hash_start, what, sizeof what);
    for (size_t i = 0; i < group->frame_count; i++) {
        const struct harvested_frame *frame = &harvest->frames[group->first_frame + i];
        const struct harvested_module *module = frame->module < 0 ? NULL : &harvest->modules[frame->module];
        uint64_t key = !module ? 0 : modules ? modules[frame->module] : module_key(module);
        hash = hash_word(hash_word(hash, key), frame->address - (module ? module->load_bias : 0));
    }
    return hash;
}

static void fill_site(struct report_site *site, const struct harvested_group *group,
                      struct resolved *resolved) {
    site->kind = group->kind;
    site->verdict = group->verdict;
    site->call = sites_call_name(group->call);
    site->resident_bytes = site->dirty_bytes = group->kind == SITE_MAP ? 0 : -1;
    site->truncated = group->truncated;
    site->frame_count = resolved_frames(resolved, group, &site->frames);
}

static void add_known(int64_t *sum, int64_t more) {
    *sum = *sum < 0 || more < 0 ? -1 : *sum + more;
}

static struct report_example example_of(const struct harvest_item *item, struct arena *arena) {
    return (struct report_example){.address = item->address,
                                   .bytes = item->bytes,
                                   .type = arena_strdup(arena, item->type),
                                   .target = arena_strdup(arena, item->target),
                                   .state = arena_strdup(arena, item->state),
                                   .detail = arena_strdup(arena, item->detail)};
}

static bool same_word(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

static int compare_tallies(const void *left, const void *right) {
    const struct report_tally *a = left, *b = right;
    return a->count > b->count ? -1 : a->count < b->count;
}

static void merge_tallies(struct report_site *site, const struct harvested_group *group,
                          struct arena *arena) {
    if (group->tally_count == 0)
        return;
    size_t count = site->tally_count;
    struct report_tally *merged = arena_array(arena, struct report_tally, count + group->tally_count);
    if (count)
        memcpy(merged, site->tallies, count * sizeof *merged);
    for (size_t i = 0; i < group->tally_count; i++) {
        const struct harvested_tally *tally = &group->tallies[i];
        size_t at = 0;
        while (at < count &&
               !(same_word(merged[at].type, tally->type) && same_word(merged[at].state, tally->state)))
            at++;
        if (at == count)
            merged[count++] = (struct report_tally){.type = arena_strdup(arena, tally->type),
                                                    .state = arena_strdup(arena, tally->state)};
        merged[at].count += tally->count;
    }
    qsort(merged, count, sizeof *merged, compare_tallies);
    site->tallies = merged;
    site->tally_count = count;
}

// Keeps the lowest addresses of both, sorted.
static void merge_examples(struct report_site *site, const struct harvested_group *group,
                           struct arena *arena) {
    size_t all = site->example_count + group->example_count, a = 0, b = 0;
    size_t count = all < HARVEST_EXAMPLES ? all : HARVEST_EXAMPLES;
    struct report_example *merged = arena_array(arena, struct report_example, count);
    for (size_t i = 0; i < count; i++)
        if (b == group->example_count ||
            (a < site->example_count && site->examples[a].address <= group->examples[b].address)) {
            merged[i] = site->examples[a++];
        } else {
            merged[i] = example_of(&group->examples[b++], arena);
        }
    site->examples = merged;
    site->example_count = count;
}

// The targets are the first example's: of whichever group that comes from.
static void take_targets(struct report_site *site, const struct harvested_group *group, struct arena *arena) {
    if (group->kind != SITE_HEAP || !group->example_count ||
        group->examples[0].address != site->examples[0].address)
        return;
    site->targets = arena_array(arena, struct report_example, group->target_count);
    for (size_t i = 0; i < group->target_count; i++)
        site->targets[i] =
            (struct report_example){.address = group->targets[i].address, .bytes = group->targets[i].bytes};
    site->target_count = group->target_count;
    site->targets_all = group->targets_all;
}

static int compare_sites(const void *left, const void *right) {
    const struct report_site *a = left, *b = right;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->verdict != b->verdict)
        return a->verdict < b->verdict ? -1 : 1;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return strcmp(a->id, b->id);
}

void sites_build(struct report_process *process, const struct harvest *harvest, struct symbols *symbols,
                 struct arena *arena) {
    struct table by_key = {0};
    const uint64_t *modules = module_keys(harvest, arena);
    struct resolved *resolved = resolved_new(harvest, symbols, arena);
    struct report_site *sites = arena_array(arena, struct report_site, harvest->group_count);
    size_t count = 0;
    for (size_t i = 0; i < harvest->group_count; i++) {
        const struct harvested_group *group = &harvest->groups[i];
        if (!group->count) // somebody wanted its stack
            continue;
        int added;
        uint64_t key = group_key(harvest, group, modules);
        uint32_t index = *table_at(&by_key, key, (uint32_t)count, &added);
        struct report_site *site = &sites[index];
        if (added) {
            fill_site(site, group, resolved);
            site->key = key;
            count++;
        }
        merge_examples(site, group, arena);
        merge_tallies(site, group, arena);
        take_targets(site, group, arena);
        site->count += group->count;
        site->bytes += group->bytes;
        site->indirect_blocks += group->kept_blocks;
        site->indirect_bytes += group->kept_bytes;
        add_known(&site->resident_bytes, group->resident_bytes);
        add_known(&site->dirty_bytes, group->dirty_bytes);
    }
    table_free(&by_key);
    resolved_free(resolved);
    process->sites = sites;
    process->site_count = count;
}

const struct report_site *sites_of_group(const struct report_process *process, const struct harvest *harvest,
                                         size_t group) {
    uint64_t key = group_key(harvest, &harvest->groups[group], NULL);
    for (size_t i = 0; i < process->site_count + process->aside_count; i++)
        if (process->sites[i].key == key)
            return &process->sites[i];
    return NULL;
}

void sites_sort(struct report_process *process) {
    qsort(process->sites, process->site_count, sizeof *process->sites, compare_sites);
}

void sites_build_acquired(struct report_process *process, const struct harvest *harvest,
                          struct symbols *symbols, struct arena *arena) {
    if (!harvest->acquired_count)
        return;
    process->acquired = arena_array(arena, struct report_site, harvest->acquired_count);
    process->acquired_count = harvest->acquired_count;
    struct resolved *resolved = resolved_new(harvest, symbols, arena);
    for (size_t i = 0; i < harvest->acquired_count; i++) {
        const struct harvested_group *group = &harvest->acquired[i];
        struct report_site *site = &process->acquired[i];
        fill_site(site, group, resolved);
        site->count = group->count;
        site->bytes = group->bytes;
    }
    resolved_free(resolved);
}
