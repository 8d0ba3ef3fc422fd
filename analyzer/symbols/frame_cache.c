// A hash table of resolved addresses with open addressing. When it holds as many as it may, it is emptied and
// begins anew: simpler than forgetting one by one, and a report that large still resolves each address only a
// few times. Called by symbols.c.
#include "analyzer/symbols/frame_cache.h"
#include "analyzer/must.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1 << 17, MOST_ENTRIES = SLOTS / 2 };

struct entry {
    const struct object *object; // NULL: the slot is free
    uint64_t address;
    struct cached_frames frames;
};

struct frame_cache {
    struct arena *arena; // the frames and their strings
    size_t count;
    struct entry entries[SLOTS];
};

struct frame_cache *frame_cache_new(void) {
    struct frame_cache *cache = must(calloc(1, sizeof *cache));
    cache->arena = arena_new();
    return cache;
}

void frame_cache_free(struct frame_cache *cache) {
    arena_free(cache->arena);
    free(cache);
}

// The slot that holds the pair, or the free one where it belongs.
static size_t slot_of(const struct frame_cache *cache, const struct object *object, uint64_t address) {
    uint64_t hash = (address ^ (uintptr_t)object >> 4) * UINT64_C(0x9e3779b97f4a7c15);
    size_t slot = (size_t)(hash >> 32) % SLOTS;
    while (cache->entries[slot].object &&
           (cache->entries[slot].object != object || cache->entries[slot].address != address))
        slot = (slot + 1) % SLOTS;
    return slot;
}

bool frame_cache_find(const struct frame_cache *cache, const struct object *object, uint64_t address,
                      struct cached_frames *out) {
    const struct entry *entry = &cache->entries[slot_of(cache, object, address)];
    if (!entry->object)
        return false;
    *out = entry->frames;
    return true;
}

struct cached_frames frame_cache_add(struct frame_cache *cache, struct object *object, uint64_t address) {
    if (cache->count == MOST_ENTRIES) {
        arena_free(cache->arena);
        cache->arena = arena_new();
        memset(cache->entries, 0, sizeof cache->entries);
        cache->count = 0;
    }
    struct object_frame frames[MOST_INLINED + 1];
    size_t count = object_resolve(object, address, cache->arena, frames);
    struct object_frame *kept = arena_array(cache->arena, struct object_frame, count);
    memcpy(kept, frames, count * sizeof *kept);
    struct entry *entry = &cache->entries[slot_of(cache, object, address)];
    *entry = (struct entry){.object = object, .address = address, .frames = {.frames = kept, .count = count}};
    cache->count++;
    return entry->frames;
}
