// The heap's hooks. One shape for all: an acquire is recorded after the real call succeeded, a release before
// the real call; realloc does both in one record. Called by the program, and by anything it links.
//
// errno: recording changes none, so it is after a hook what the real call left.
#include "preload/arena_early.h"
#include "preload/attach.h"
#include "preload/hooks.h"
#include "preload/real.h"
#include "preload/record.h"

#include <errno.h>

static inline bool early(void) {
    return unlikely(phase == PHASE_EARLY);
}

// Gives up any block, by whichever name.
static inline void release(uint8_t call, void *block) {
    if (!block)
        return;
    if (early()) {
        early_free(block);
        return;
    }
    record_release(call, block);
    if (unlikely(early_owns(block)))
        early_free(block);
    else
        real.free(block);
}

HOOKED void *malloc(size_t bytes) {
    if (early())
        return early_alloc(bytes, 16, __builtin_return_address(0));
    void *block = real.malloc(bytes);
    if (likely(block != NULL))
        record_acquire(CALL_malloc, block, bytes, CALLER());
    return block;
}

HOOKED void *calloc(size_t count, size_t bytes) {
    if (early())
        return early_calloc(count, bytes, __builtin_return_address(0));
    void *block = real.calloc(count, bytes);
    if (likely(block != NULL))
        record_acquire(CALL_calloc, block, count * bytes, CALLER());
    return block;
}

HOOKED void free(void *block) {
    release(CALL_free, block);
}

HOOKED void cfree(void *block) {
    release(CALL_cfree, block);
}

HOOKED void free_sized(void *block, size_t bytes) {
    (void)bytes;
    release(CALL_free_sized, block);
}

HOOKED void free_aligned_sized(void *block, size_t alignment, size_t bytes) {
    (void)alignment;
    (void)bytes;
    release(CALL_free_aligned_sized, block);
}

// A block of the early arena moves to the real allocator.
static void *adopt(uint8_t call, void *block, size_t bytes, const struct frame_state *caller) {
    void *fresh = real.malloc(bytes);
    if (!fresh)
        return NULL;
    size_t keep = early_size(block) < bytes ? early_size(block) : bytes;
    for (size_t i = 0; i < keep; i++)
        ((unsigned char *)fresh)[i] = ((unsigned char *)block)[i];
    struct record_move move = record_move_begin(block);
    record_move(call, block, &move, fresh, bytes, caller);
    early_free(block);
    return fresh;
}

static inline void *resize(uint8_t call, void *block, size_t bytes, const struct frame_state *caller) {
    if (!block) {
        void *fresh = real.realloc(NULL, bytes);
        if (fresh)
            record_acquire(call, fresh, bytes, caller);
        return fresh;
    }
    if (unlikely(early_owns(block)))
        return adopt(call, block, bytes, caller);
    struct record_move move = record_move_begin(block);
    void *fresh = real.realloc(block, bytes);
    if (fresh)
        record_move(call, block, &move, fresh, bytes, caller);
    else if (bytes == 0)
        record_move_released(call, block, &move);
    else
        record_move_failed(&move);
    return fresh;
}

HOOKED void *realloc(void *block, size_t bytes) {
    if (early())
        return early_realloc(block, bytes, __builtin_return_address(0));
    return resize(CALL_realloc, block, bytes, CALLER());
}

// Not real.reallocarray: libc's calls realloc through the PLT, which would record the block twice.
HOOKED void *reallocarray(void *block, size_t count, size_t bytes) {
    size_t total;
    if (unlikely(__builtin_mul_overflow(count, bytes, &total))) {
        errno = ENOMEM;
        return NULL;
    }
    if (early())
        return early_realloc(block, total, __builtin_return_address(0));
    return resize(CALL_reallocarray, block, total, CALLER());
}

HOOKED void *memalign(size_t alignment, size_t bytes) {
    if (early())
        return early_alloc(bytes, alignment, __builtin_return_address(0));
    void *block = real.memalign(alignment, bytes);
    if (block)
        record_acquire(CALL_memalign, block, bytes, CALLER());
    return block;
}

HOOKED void *aligned_alloc(size_t alignment, size_t bytes) {
    if (early())
        return early_alloc(bytes, alignment, __builtin_return_address(0));
    void *block = real.aligned_alloc(alignment, bytes);
    if (block)
        record_acquire(CALL_aligned_alloc, block, bytes, CALLER());
    return block;
}

HOOKED int posix_memalign(void **out, size_t alignment, size_t bytes) {
    if (early()) {
        void *block = early_alloc(bytes, alignment, __builtin_return_address(0));
        if (!block)
            return ENOMEM;
        *out = block;
        return 0;
    }
    int bad = real.posix_memalign(out, alignment, bytes);
    if (!bad && *out)
        record_acquire(CALL_posix_memalign, *out, bytes, CALLER());
    return bad;
}

HOOKED void *valloc(size_t bytes) {
    if (early())
        return early_alloc(bytes, 4096, __builtin_return_address(0));
    void *block = real.valloc(bytes);
    if (block)
        record_acquire(CALL_valloc, block, bytes, CALLER());
    return block;
}

HOOKED void *pvalloc(size_t bytes) {
    if (early())
        return early_alloc((bytes + 4095) & ~(size_t)4095, 4096, __builtin_return_address(0));
    void *block = real.pvalloc(bytes);
    if (block)
        record_acquire(CALL_pvalloc, block, bytes, CALLER());
    return block;
}

// Acquires nothing; hooked because the real one must not see a block of the early arena.
HOOKED size_t malloc_usable_size(void *block) {
    if (early() || early_owns(block))
        return early_size(block);
    return real.malloc_usable_size(block);
}
