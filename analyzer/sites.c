// See sites.h. Called by assemble.c.
#include "analyzer/sites.h"
#include "analyzer/table.h"
#include "analyzer/vector.h"
#include "preload/wire/record.h"

#include <stdlib.h>
#include <string.h>

static const char *call_name(uint8_t call) {
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

// Everything that tells one stack from another: groups of the same call with the same key are one site.
static uint64_t group_key(const struct harvest *harvest, const struct harvested_group *group) {
    uint64_t hash = hash_bytes(hash_start, &group->call, sizeof group->call);
    hash = hash_bytes(hash, &group->truncated, sizeof group->truncated);
    for (size_t i = 0; i < group->frame_count; i++) {
        const struct harvested_frame *frame = &harvest->frames[group->first_frame + i];
        const struct harvested_module *module = frame->module < 0 ? NULL : &harvest->modules[frame->module];
        uint64_t offset = frame->address - (module ? module->load_bias : 0);
        hash = hash_text(hash, module ? module->path : NULL);
        hash = hash_bytes(hash, module ? module->build_id : NULL, module ? module->build_id_bytes : 0);
        hash = hash_bytes(hash, &offset, sizeof offset);
    }
    return hash;
}

static void resolve_frames(struct report_site *site, const struct harvest *harvest,
                           const struct harvested_group *group, struct symbols *symbols,
                           struct arena *arena) {
    struct report_frame *frames = NULL;
    size_t count = 0, room = 0;
    for (size_t i = 0; i < group->frame_count; i++) {
        const struct harvested_frame *frame = &harvest->frames[group->first_frame + i];
        const struct harvested_module *module = frame->module < 0 ? NULL : &harvest->modules[frame->module];
        struct symbol_module known = {0};
        if (module)
            known = (struct symbol_module){.path = module->path,
                                           .load_bias = module->load_bias,
                                           .build_id = module->build_id_bytes ? module->build_id : NULL,
                                           .build_id_bytes = module->build_id_bytes};
        struct report_frame out[32];
        size_t got = symbols_resolve(symbols, module ? &known : NULL, frame->address, arena, out, 32);
        for (size_t k = 0; k < got; k++)
            *VECTOR_PUSH(frames, count, room) = out[k];
    }
    site->frames = arena_array(arena, struct report_frame, count);
    if (count)
        memcpy(site->frames, frames, count * sizeof *frames);
    site->frame_count = count;
    free(frames);
}

static void fill_site(struct report_site *site, const struct harvest *harvest,
                      const struct harvested_group *group, struct symbols *symbols, struct arena *arena) {
    site->kind = SITE_HEAP;
    site->verdict = VERDICT_UNCLASSIFIED;
    site->call = call_name(group->call);
    site->resident_bytes = -1;
    site->truncated = group->truncated;
    resolve_frames(site, harvest, group, symbols, arena);
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
            merged[i] = (struct report_example){group->examples[b].address, group->examples[b].bytes};
            b++;
        }
    site->examples = merged;
    site->example_count = count;
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
    struct report_site *sites = arena_array(arena, struct report_site, harvest->group_count);
    size_t count = 0;
    for (size_t i = 0; i < harvest->group_count; i++) {
        const struct harvested_group *group = &harvest->groups[i];
        int added;
        uint32_t index = *table_at(&by_key, group_key(harvest, group), (uint32_t)count, &added);
        struct report_site *site = &sites[index];
        if (added) {
            fill_site(site, harvest, group, symbols, arena);
            count++;
        }
        merge_examples(site, group, arena);
        site->count += group->count;
        site->bytes += group->bytes;
    }
    table_free(&by_key);
    process->sites = sites;
    process->site_count = count;
}

void sites_sort(struct report_process *process) {
    qsort(process->sites, process->site_count, sizeof *process->sites, compare_sites);
}
