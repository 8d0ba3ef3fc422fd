// Frames that were resolved already, by object and address: leaks share most of their stacks.
#pragma once

#include "analyzer/symbols/object.h"

struct frame_cache;

struct cached_frames {
    const struct object_frame *frames; // innermost first; owned by the cache until its next add
    size_t count;
};

struct frame_cache *frame_cache_new(void);
void frame_cache_free(struct frame_cache *cache);

// false if the address has not been resolved, or was forgotten to keep the cache small.
bool frame_cache_find(const struct frame_cache *cache, const struct object *object, uint64_t address,
                      struct cached_frames *out);

// Resolves the address, keeps the result and returns it.
struct cached_frames frame_cache_add(struct frame_cache *cache, struct object *object, uint64_t address);
