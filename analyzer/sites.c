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

static const char *base_name(const char *path) {
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path;
}

// The same for the same leak across builds and machines: functions where they have names, else module and
// offset.
static uint64_t site_hash(const struct report_site *site) {
    uint64_t hash = hash_text(hash_start, site_kind_name(site->kind));
    hash = hash_text(hash, site->call);
    for (size_t i = 0; i < site->frame_count; i++) {
        const struct report_frame *frame = &site->frames[i];
        hash = hash_text(hash, base_name(frame->module));
        hash = hash_text(hash, frame->function);
        if (!frame->function)
            hash = hash_bytes(hash, &frame->offset, sizeof frame->offset);
    }
    return hash;
}

static void set_id(struct report_site *site, uint64_t hash) {
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++)
        site->id[i] = digits[hash >> (60 - 4 * i) & 15];
    site->id[16] = '\0';
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

// Sites that differ only in lines or offsets within the same functions share a hash: told apart by their
// order.
static void name_sites(struct report_site *sites, size_t count) {
    struct table seen = {0};
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = site_hash(&sites[i]);
        uint32_t *times = table_at(&seen, hash, 0, NULL);
        uint32_t nth = (*times)++;
        set_id(&sites[i], nth ? hash_bytes(hash, &nth, sizeof nth) : hash);
    }
    table_free(&seen);
}

static int compare_offsets(const void *left, const void *right) {
    const struct report_site *a = left, *b = right;
    for (size_t i = 0; i < a->frame_count && i < b->frame_count; i++)
        if (a->frames[i].offset != b->frames[i].offset)
            return a->frames[i].offset < b->frames[i].offset ? -1 : 1;
    return a->frame_count < b->frame_count ? -1 : a->frame_count > b->frame_count;
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
    qsort(sites, count, sizeof *sites, compare_offsets);
    name_sites(sites, count);
    qsort(sites, count, sizeof *sites, compare_sites);
    process->sites = sites;
    process->site_count = count;
}
