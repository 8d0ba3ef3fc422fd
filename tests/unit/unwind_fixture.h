// What the unwinder's tests share: our walk beside libunwind's own, from the same function, over the same
// stack. libunwind is loaded, not linked: linked, it would take over the exceptions of C++ libraries.
#pragma once

#include "preload/unwind.h"
#include "preload/wire/stacks.h"
#include "tests/lib/effort.h"

#include <check.h>
#include <dlfcn.h>
#include <libunwind.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// Sanitizers want to be first, own malloc and enlarge frames; the thread sanitizer also delays signals and
// miscounts threads over fork.
#if defined(__SANITIZE_THREAD__)
#define FIXTURE_SANITIZED_THREADS 1
#elif defined(__has_feature)
#define FIXTURE_SANITIZED_THREADS __has_feature(thread_sanitizer)
#else
#define FIXTURE_SANITIZED_THREADS 0
#endif
#define FIXTURE_SANITIZED EFFORT_SANITIZED

enum { FIXTURE_FRAMES = 20000, FIXTURE_LIMIT = 12000 };

struct fixture_walk {
    struct walk walk;
    struct walked_frame frames[FIXTURE_LIMIT];
    uintptr_t reference[FIXTURE_FRAMES]; // the same frames as libunwind's own walk has them
    size_t reference_count;
    int reference_end; // what its last unw_step returned
};

static struct {
    int (*getcontext)(unw_context_t *);
    int (*init_local)(unw_cursor_t *, unw_context_t *);
    int (*step)(unw_cursor_t *);
    int (*get_reg)(unw_cursor_t *, int, unw_word_t *);
    int (*backtrace)(void **, int);
} reference_lib;

// The tests of one program run in forked children: loaded once, before.
__attribute__((unused)) static void fixture_load(void) {
    ck_assert_int_eq(unwind_load(), 0);
    void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
    ck_assert_ptr_nonnull(library);
    *(void **)&reference_lib.getcontext = dlsym(library, "_Ux86_64_getcontext");
    *(void **)&reference_lib.init_local = dlsym(library, "_ULx86_64_init_local");
    *(void **)&reference_lib.step = dlsym(library, "_ULx86_64_step");
    *(void **)&reference_lib.get_reg = dlsym(library, "_ULx86_64_get_reg");
    *(void **)&reference_lib.backtrace = dlsym(library, "unw_backtrace");
    int (*set_caching_policy)(unw_addr_space_t, unw_caching_policy_t);
    *(void **)&set_caching_policy = dlsym(library, "_ULx86_64_set_caching_policy");
    unw_addr_space_t *space = dlsym(library, "_ULx86_64_local_addr_space");
    ck_assert(reference_lib.getcontext && reference_lib.init_local && reference_lib.step &&
              reference_lib.get_reg && reference_lib.backtrace && set_caching_policy && space);
    set_caching_policy(*space, UNW_CACHE_NONE); // its cache outlives unloaded libraries
}

// Where the caller of the function that uses this goes on.
#define FIXTURE_CALLER()                                                                                     \
    ((struct frame_state){(uintptr_t)__builtin_return_address(0), (uintptr_t)__builtin_dwarf_cfa(),          \
                          *(uintptr_t *)__builtin_frame_address(0)})

// Our walk alone: little stack is needed.
__attribute__((noinline, unused)) static void fixture_walk_only(struct fixture_walk *result) {
    struct frame_state start = FIXTURE_CALLER();
    result->walk = (struct walk){.frames = result->frames, .limit = FIXTURE_LIMIT};
    unwind_walk(&start, &result->walk);
}

__attribute__((noinline, unused)) static void fixture_walk_both(struct fixture_walk *result) {
    struct frame_state start = FIXTURE_CALLER();
    result->walk = (struct walk){.frames = result->frames, .limit = FIXTURE_LIMIT};
    unwind_walk(&start, &result->walk);

    unw_context_t context;
    unw_cursor_t cursor;
    unw_word_t pc = 0, sp = 0;
    reference_lib.getcontext(&context);
    reference_lib.init_local(&cursor, &context);
    int step = 1;
    while ((pc != start.pc || sp != start.sp) && step > 0) {
        step = reference_lib.step(&cursor);
        reference_lib.get_reg(&cursor, UNW_REG_IP, &pc);
        reference_lib.get_reg(&cursor, UNW_REG_SP, &sp);
    }
    result->reference_count = 0;
    while (step > 0 && pc && result->reference_count < FIXTURE_FRAMES) {
        result->reference[result->reference_count++] = pc;
        step = reference_lib.step(&cursor);
        reference_lib.get_reg(&cursor, UNW_REG_IP, &pc);
    }
    result->reference_end = step;
}

__attribute__((unused)) static void fixture_print(const struct fixture_walk *result) {
    for (size_t i = 0; i < result->walk.count || i < result->reference_count; i++) {
        uintptr_t ours = i < result->walk.count ? result->frames[i].pc : 0;
        uintptr_t theirs = i < result->reference_count ? result->reference[i] : 0;
        Dl_info info = {0};
        dladdr((void *)(ours ? ours : theirs), &info);
        fprintf(stderr, "%c %3zu ours %lx %x libunwind %lx %s %s+%lx\n", ours == theirs ? ' ' : '*', i, ours,
                ours ? result->frames[i].flags : 0, theirs, info.dli_sname ? info.dli_sname : "?",
                info.dli_fname, ours - (uintptr_t)info.dli_fbase);
    }
    fprintf(stderr, "truncated %d, libunwind ended with %d\n", result->walk.truncated, result->reference_end);
}

// Every frame equal, complete, nothing guessed.
__attribute__((unused)) static bool fixture_is_exact(const struct fixture_walk *result) {
    bool equal = !result->walk.truncated && !result->walk.elided && result->reference_end == 0 &&
                 result->walk.count == result->reference_count;
    for (size_t i = 0; equal && i < result->walk.count; i++)
        equal = result->frames[i].pc == result->reference[i] && !(result->frames[i].flags & STACK_GUESSED);
    return equal;
}

__attribute__((unused)) static struct fixture_walk fixture_result;
__attribute__((
    unused)) static int fixture_checks; // walks compared, so that a test can tell that its callbacks ran

// Compares from here on outward. A macro, so that the frame that is checked first is the test's own.
#define CHECK_STACK()                                                                                        \
    do {                                                                                                     \
        fixture_walk_both(&fixture_result);                                                                  \
        fixture_checks++;                                                                                    \
        if (!fixture_is_exact(&fixture_result)) {                                                            \
            fixture_print(&fixture_result);                                                                  \
            ck_abort_msg("walks differ at %s:%d", __FILE__, __LINE__);                                       \
        }                                                                                                    \
    } while (0)

// A library that was built beside the test programs.
__attribute__((unused)) static void *fixture_open(const char *name) {
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    ck_assert_int_gt(length, 0);
    path[length] = '\0';
    *strrchr(path, '/') = '\0';
    strncat(path, "/../programs/libs/", sizeof path - strlen(path) - 1);
    strncat(path, name, sizeof path - strlen(path) - 1);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        ck_abort_msg("%s", dlerror());
    return library;
}
