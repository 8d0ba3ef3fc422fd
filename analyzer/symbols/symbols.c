// The facade of this folder: keeps one open object per distinct file, and copies what they answer into the
// caller's arena. Called by whoever assembles a report, on one thread. Never reads a target's memory.
#include "analyzer/symbols/symbols.h"

#include "analyzer/must.h"
#include "analyzer/symbols/debuginfod.h"
#include "analyzer/symbols/frame_cache.h"
#include "analyzer/symbols/object.h"
#include "analyzer/symbols/remarks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 256 };

// Modules with the same path and build-id are the same file, whichever process loaded them and how often.
struct known_object {
    struct known_object *next;
    char *path;
    uint8_t *build_id;
    size_t build_id_bytes;
    char *build_id_text; // lower-case hex; NULL: none
    struct object *object;
};

struct symbols {
    struct debug_search search;
    struct remarks remarks;
    struct arena *arena; // known_object and their texts
    struct known_object *buckets[BUCKETS];
    struct frame_cache *cache;
};

struct symbols *symbols_new(const struct symbols_options *options) {
    struct symbols *symbols = must(calloc(1, sizeof *symbols));
    symbols->search.root = "/usr/lib/debug";
    symbols->arena = arena_new();
    symbols->cache = frame_cache_new();
    remarks_open(&symbols->remarks);
    if (options->debuginfod && !(symbols->search.servers = debuginfod_open()))
        remarks_add(&symbols->remarks, "debuginfod was asked for, but libdebuginfod.so.1 cannot be loaded");
    return symbols;
}

void symbols_free(struct symbols *symbols) {
    if (!symbols)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct known_object *known = symbols->buckets[i]; known; known = known->next)
            object_close(known->object);
    debuginfod_close(symbols->search.servers);
    remarks_close(&symbols->remarks);
    frame_cache_free(symbols->cache);
    arena_free(symbols->arena);
    free(symbols);
}

static size_t bucket_of(const char *path) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *path; path++)
        hash = (hash ^ (unsigned char)*path) * UINT64_C(0x100000001b3);
    return (size_t)(hash >> 32) % BUCKETS;
}

static bool is_same(const struct known_object *known, const struct symbol_module *module) {
    return strcmp(known->path, module->path) == 0 && known->build_id_bytes == module->build_id_bytes &&
           (module->build_id_bytes == 0 ||
            memcmp(known->build_id, module->build_id, module->build_id_bytes) == 0);
}

static char *hex_of(struct arena *arena, const uint8_t *bytes, size_t count) {
    if (count == 0)
        return NULL;
    char *text = arena_alloc(arena, 2 * count + 1);
    for (size_t i = 0; i < count; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return text;
}

static struct known_object *object_of(struct symbols *symbols, const struct symbol_module *module) {
    struct known_object **bucket = &symbols->buckets[bucket_of(module->path)];
    for (struct known_object *known = *bucket; known; known = known->next)
        if (is_same(known, module))
            return known;
    struct known_object *known = arena_array(symbols->arena, struct known_object, 1);
    known->path = arena_strdup(symbols->arena, module->path);
    known->build_id_bytes = module->build_id_bytes;
    known->build_id = arena_array(symbols->arena, uint8_t, module->build_id_bytes);
    if (module->build_id_bytes)
        memcpy(known->build_id, module->build_id, module->build_id_bytes);
    known->build_id_text = hex_of(symbols->arena, module->build_id, module->build_id_bytes);
    known->object = object_open(module, &symbols->search, &symbols->remarks);
    known->next = *bucket;
    *bucket = known;
    return known;
}

// When there is no room for all, the outermost inlined functions are left out: where the code really comes
// from and the function that holds it say most.
static size_t copy_frames(const struct known_object *known, struct cached_frames from, uint64_t offset,
                          struct arena *arena, struct report_frame *out, size_t out_max) {
    const char *path = arena_strdup(arena, known->path);
    const char *build_id = arena_strdup(arena, known->build_id_text);
    size_t count = from.count < out_max ? from.count : out_max;
    for (size_t i = 0; i < count; i++) {
        bool last = i + 1 == count;
        const struct object_frame *frame = &from.frames[last ? from.count - 1 : i];
        out[i] = (struct report_frame){.function = arena_strdup(arena, frame->function),
                                       .linkage = arena_strdup(arena, frame->linkage),
                                       .file = arena_strdup(arena, frame->file),
                                       .line = frame->line,
                                       .module = path,
                                       .build_id = build_id,
                                       .offset = offset,
                                       .inlined = !last};
    }
    return count;
}

static struct cached_frames frames_at(struct symbols *symbols, struct known_object *known, uint64_t offset) {
    struct cached_frames frames;
    if (!frame_cache_find(symbols->cache, known->object, offset, &frames))
        frames = frame_cache_add(symbols->cache, known->object, offset);
    return frames;
}

void symbols_prepare(struct symbols *symbols, const struct symbol_module *module, uint64_t address) {
    frames_at(symbols, object_of(symbols, module), address - module->load_bias);
}

size_t symbols_resolve(struct symbols *symbols, const struct symbol_module *module, uint64_t address,
                       struct arena *arena, struct report_frame *out, size_t out_max) {
    if (out_max == 0)
        return 0;
    if (!module) {
        out[0] = (struct report_frame){.offset = address};
        return 1;
    }
    struct known_object *known = object_of(symbols, module);
    uint64_t offset = address - module->load_bias;
    return copy_frames(known, frames_at(symbols, known, offset), offset, arena, out, out_max);
}

size_t symbols_remarks(const struct symbols *symbols, const char *const **out) {
    *out = symbols->remarks.texts;
    return symbols->remarks.count;
}
