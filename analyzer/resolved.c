// See resolved.h. Called by sites.c and assemble_descriptors.c.
#include "analyzer/resolved.h"

#include "analyzer/must.h"
#include "analyzer/table.h"
#include "analyzer/vector.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_FRAMES = 32 }; // of an address: functions that were inlined there

struct known_address {
    struct harvested_frame frame;
    size_t first, count; // in frames
};

struct resolved {
    const struct harvest *harvest;
    struct symbols *symbols;
    struct arena *arena;
    struct table by_frame; // hash of an address and its module -> place in addresses
    struct known_address *addresses;
    size_t address_count, address_room;
    struct report_frame *frames; // of all addresses
    size_t frame_count, frame_room;
    struct table by_text; // hash of a text -> place in texts
    const char **texts;
    size_t text_count, text_room;
};

struct resolved *resolved_new(const struct harvest *harvest, struct symbols *symbols, struct arena *arena) {
    struct resolved *resolved = must(calloc(1, sizeof *resolved));
    resolved->harvest = harvest;
    resolved->symbols = symbols;
    resolved->arena = arena;
    return resolved;
}

void resolved_free(struct resolved *resolved) {
    table_free(&resolved->by_frame);
    table_free(&resolved->by_text);
    free(resolved->addresses);
    free(resolved->frames);
    free(resolved->texts);
    free(resolved);
}

// One text for all that are equal. Where two share a hash the second stays its own.
static const char *shared(struct resolved *resolved, const char *text) {
    if (!text)
        return NULL;
    uint64_t hash = 0xcbf29ce484222325ull; // FNV-1a
    for (const char *at = text; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 0x100000001b3ull;
    int added;
    uint32_t index = *table_at(&resolved->by_text, hash, (uint32_t)resolved->text_count, &added);
    if (added)
        *VECTOR_PUSH(resolved->texts, resolved->text_count, resolved->text_room) = text;
    return strcmp(resolved->texts[index], text) == 0 ? resolved->texts[index] : text;
}

struct symbol_module resolved_module(const struct harvested_module *module) {
    return (struct symbol_module){.path = module->path,
                                  .load_bias = module->load_bias,
                                  .build_id = module->build_id_bytes ? module->build_id : NULL,
                                  .build_id_bytes = module->build_id_bytes};
}

static void resolve(struct resolved *resolved, const struct harvested_frame *frame) {
    struct symbol_module module = {0};
    if (frame->module >= 0)
        module = resolved_module(&resolved->harvest->modules[frame->module]);
    struct report_frame out[MOST_FRAMES];
    size_t count = symbols_resolve(resolved->symbols, frame->module < 0 ? NULL : &module, frame->address,
                                   resolved->arena, out, MOST_FRAMES);
    *VECTOR_PUSH(resolved->addresses, resolved->address_count, resolved->address_room) =
        (struct known_address){*frame, resolved->frame_count, count};
    for (size_t i = 0; i < count; i++) {
        out[i].function = shared(resolved, out[i].function);
        out[i].linkage = shared(resolved, out[i].linkage);
        out[i].file = shared(resolved, out[i].file);
        out[i].module = shared(resolved, out[i].module);
        out[i].build_id = shared(resolved, out[i].build_id);
        *VECTOR_PUSH(resolved->frames, resolved->frame_count, resolved->frame_room) = out[i];
    }
}

static struct known_address address_of(struct resolved *resolved, const struct harvested_frame *frame) {
    uint64_t hash = (frame->address ^ (uint64_t)(uint32_t)frame->module << 40) * 0x9e3779b97f4a7c15ull;
    int added;
    uint32_t index = *table_at(&resolved->by_frame, hash, (uint32_t)resolved->address_count, &added);
    if (!added && resolved->addresses[index].frame.address == frame->address &&
        resolved->addresses[index].frame.module == frame->module)
        return resolved->addresses[index];
    resolve(resolved, frame);
    return resolved->addresses[resolved->address_count - 1];
}

size_t resolved_frames(struct resolved *resolved, const struct harvested_group *group,
                       struct report_frame **out) {
    const struct harvested_frame *frames = resolved->harvest->frames + group->first_frame;
    struct known_address *known = must(malloc((group->frame_count + 1) * sizeof *known));
    size_t count = 0;
    for (size_t i = 0; i < group->frame_count; i++) {
        known[i] = address_of(resolved, &frames[i]);
        count += known[i].count;
    }
    *out = arena_array(resolved->arena, struct report_frame, count);
    count = 0;
    for (size_t i = 0; i < group->frame_count; i++) {
        memcpy(*out + count, resolved->frames + known[i].first, known[i].count * sizeof **out);
        count += known[i].count;
    }
    free(known);
    return count;
}
