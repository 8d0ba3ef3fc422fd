// C++'s operators new and delete. Most often the next definition is the C++ runtime's own, which calls malloc
// and free: the hook jumps there and leaves no frame, and the heap's hooks see the block. An allocator's
// definition, or a library's replacement, is recorded around as malloc and free are: an acquire after it
// succeeded, a release before it. Should it call malloc or free in turn, record.c counts the block once.
//
// std::bad_alloc passes through: nothing is held while the real function runs.
#include "preload/arena_early.h"
#include "preload/hooks.h"
#include "preload/next.h"
#include "preload/phase.h"
#include "preload/real.h"
#include "preload/record.h"

// That a jump stays a jump is part of the stacks' correctness, also in builds for debugging.
#ifdef __clang__
#define JUMP __attribute__((musttail)) return
#else
#pragma GCC optimize("O2")
#define JUMP return
#endif

// The parameters that an operator has beside the block or its size.
enum shape { PLAIN, NOTHROW, ALIGNED, ALIGNED_NOTHROW, SIZED, SIZED_ALIGNED };

struct form {
    uint32_t index; // next.h
    uint8_t call;   // CALL_
    uint8_t shape;
};

typedef void *new_plain(size_t bytes);
typedef void *new_nothrow(size_t bytes, const void *nothrow);
typedef void *new_aligned(size_t bytes, size_t alignment);
typedef void *new_aligned_nothrow(size_t bytes, size_t alignment, const void *nothrow);
typedef void delete_plain(void *block);
typedef void delete_nothrow(void *block, const void *nothrow);
typedef void delete_number(void *block, size_t bytes_or_alignment);
typedef void delete_numbers(void *block, size_t bytes, size_t alignment);
typedef void delete_aligned_nothrow(void *block, size_t alignment, const void *nothrow);

static void *call_new(const struct form *form, void *function, size_t bytes, size_t alignment,
                      const void *nothrow) {
    switch (form->shape) {
    case PLAIN:
        return ((new_plain *)function)(bytes);
    case NOTHROW:
        return ((new_nothrow *)function)(bytes, nothrow);
    case ALIGNED:
        return ((new_aligned *)function)(bytes, alignment);
    default:
        return ((new_aligned_nothrow *)function)(bytes, alignment, nothrow);
    }
}

static void call_delete(const struct form *form, void *function, void *block, size_t bytes, size_t alignment,
                        const void *nothrow) {
    switch (form->shape) {
    case PLAIN:
        ((delete_plain *)function)(block);
        return;
    case NOTHROW:
        ((delete_nothrow *)function)(block, nothrow);
        return;
    case ALIGNED:
        ((delete_number *)function)(block, alignment);
        return;
    case ALIGNED_NOTHROW:
        ((delete_aligned_nothrow *)function)(block, alignment, nothrow);
        return;
    case SIZED:
        ((delete_number *)function)(block, bytes);
        return;
    default:
        ((delete_numbers *)function)(block, bytes, alignment);
    }
}

// Before the constructor, or where no C++ runtime is to be seen.
static void *allocate_without_runtime(size_t bytes, size_t alignment, uintptr_t caller) {
    if (phase == PHASE_EARLY)
        return early_alloc(bytes, alignment, (const void *)caller);
    return alignment > 16 ? real.memalign(alignment, bytes) : real.malloc(bytes);
}

// Everything but the jump. The caller's state comes as values, so that the hook keeps nothing in memory.
static __attribute__((noinline)) void *new_block(const struct form *form, size_t bytes, size_t alignment,
                                                 const void *nothrow, uintptr_t pc, uintptr_t sp,
                                                 uintptr_t fp) {
    void *function = phase == PHASE_EARLY ? NULL : next_recorded(form->index, pc);
    void *block = function ? call_new(form, function, bytes, alignment, nothrow)
                           : allocate_without_runtime(bytes, alignment, pc);
    if (block && phase != PHASE_EARLY)
        record_acquire(form->call, block, bytes, &(struct frame_state){.pc = pc, .sp = sp, .fp = fp});
    if (!block && !function && !nothrow)
        __builtin_trap(); // out of memory, and nobody there who could throw
    return block;
}

static __attribute__((noinline)) void delete_block(const struct form *form, void *block, size_t bytes,
                                                   size_t alignment, const void *nothrow, uintptr_t caller) {
    if (!block)
        return;
    if (phase == PHASE_EARLY) {
        early_free(block);
        return;
    }
    void *function = next_recorded(form->index, caller);
    const void *outer = record_release_begin(form->call, block);
    if (early_owns(block))
        early_free(block);
    else if (function)
        call_delete(form, function, block, bytes, alignment, nothrow);
    else
        real.free(block);
    record_release_end(block, outer);
}

// Each operator in two functions: the hook, which only jumps, and the rest, which finds the caller's state as
// the hook did.
#define OPERATOR(name, type, call_id, shape_id, parameters, arguments, last)                                 \
    static __attribute__((noinline)) type name##_rest parameters {                                           \
        static const struct form form = {NEXT_INDEX(name), call_id, shape_id};                               \
        uintptr_t caller = (uintptr_t)__builtin_return_address(0);                                           \
        __typeof__(real.name) straight = (__typeof__(real.name))next_straight(form.index, caller);           \
        if (straight != NULL)                                                                                \
            JUMP straight arguments;                                                                         \
        last;                                                                                                \
    }                                                                                                        \
    HOOKED type name parameters {                                                                            \
        if (likely(next_known_straight.name != NULL))                                                        \
            JUMP next_known_straight.name arguments;                                                         \
        JUMP name##_rest arguments;                                                                          \
    }

#define NEW(name, call, shape, parameters, arguments, alignment, nothrow)                                    \
    OPERATOR(name, void *, call, shape, parameters, arguments,                                               \
             return new_block(&form, bytes, alignment, nothrow, caller, (uintptr_t)__builtin_dwarf_cfa(),    \
                              *(uintptr_t *)__builtin_frame_address(0)))

#define DELETE(name, call, shape, parameters, arguments, bytes, alignment, nothrow)                          \
    OPERATOR(name, void, call, shape, parameters, arguments,                                                 \
             delete_block(&form, block, bytes, alignment, nothrow, caller))

NEW(_Znwm, CALL_operator_new, PLAIN, (size_t bytes), (bytes), 16, NULL)
NEW(_Znam, CALL_operator_new_array, PLAIN, (size_t bytes), (bytes), 16, NULL)
NEW(_ZnwmRKSt9nothrow_t, CALL_operator_new, NOTHROW, (size_t bytes, const void *nothrow), (bytes, nothrow),
    16, nothrow)
NEW(_ZnamRKSt9nothrow_t, CALL_operator_new_array, NOTHROW, (size_t bytes, const void *nothrow),
    (bytes, nothrow), 16, nothrow)
NEW(_ZnwmSt11align_val_t, CALL_operator_new, ALIGNED, (size_t bytes, size_t alignment), (bytes, alignment),
    alignment, NULL)
NEW(_ZnamSt11align_val_t, CALL_operator_new_array, ALIGNED, (size_t bytes, size_t alignment),
    (bytes, alignment), alignment, NULL)
NEW(_ZnwmSt11align_val_tRKSt9nothrow_t, CALL_operator_new, ALIGNED_NOTHROW,
    (size_t bytes, size_t alignment, const void *nothrow), (bytes, alignment, nothrow), alignment, nothrow)
NEW(_ZnamSt11align_val_tRKSt9nothrow_t, CALL_operator_new_array, ALIGNED_NOTHROW,
    (size_t bytes, size_t alignment, const void *nothrow), (bytes, alignment, nothrow), alignment, nothrow)

DELETE(_ZdlPv, CALL_operator_delete, PLAIN, (void *block), (block), 0, 0, NULL)
DELETE(_ZdaPv, CALL_operator_delete_array, PLAIN, (void *block), (block), 0, 0, NULL)
DELETE(_ZdlPvm, CALL_operator_delete, SIZED, (void *block, size_t bytes), (block, bytes), bytes, 0, NULL)
DELETE(_ZdaPvm, CALL_operator_delete_array, SIZED, (void *block, size_t bytes), (block, bytes), bytes, 0,
       NULL)
DELETE(_ZdlPvRKSt9nothrow_t, CALL_operator_delete, NOTHROW, (void *block, const void *nothrow),
       (block, nothrow), 0, 0, nothrow)
DELETE(_ZdaPvRKSt9nothrow_t, CALL_operator_delete_array, NOTHROW, (void *block, const void *nothrow),
       (block, nothrow), 0, 0, nothrow)
DELETE(_ZdlPvSt11align_val_t, CALL_operator_delete, ALIGNED, (void *block, size_t alignment),
       (block, alignment), 0, alignment, NULL)
DELETE(_ZdaPvSt11align_val_t, CALL_operator_delete_array, ALIGNED, (void *block, size_t alignment),
       (block, alignment), 0, alignment, NULL)
DELETE(_ZdlPvmSt11align_val_t, CALL_operator_delete, SIZED_ALIGNED,
       (void *block, size_t bytes, size_t alignment), (block, bytes, alignment), bytes, alignment, NULL)
DELETE(_ZdaPvmSt11align_val_t, CALL_operator_delete_array, SIZED_ALIGNED,
       (void *block, size_t bytes, size_t alignment), (block, bytes, alignment), bytes, alignment, NULL)
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, CALL_operator_delete, ALIGNED_NOTHROW,
       (void *block, size_t alignment, const void *nothrow), (block, alignment, nothrow), 0, alignment,
       nothrow)
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, CALL_operator_delete_array, ALIGNED_NOTHROW,
       (void *block, size_t alignment, const void *nothrow), (block, alignment, nothrow), 0, alignment,
       nothrow)
