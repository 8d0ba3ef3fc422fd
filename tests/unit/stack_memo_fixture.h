// What the tests of the memo share: a stack captured with it, held frame by frame against what the full walk
// says of the same stack; three modules, in place of module.c.
#pragma once

#include "tests/unit/unwind_fixture.h"

#include "analyzer/family.h"
#include "preload/machine.h"
#include "preload/module.h"
#include "preload/stack.h"

#include <link.h>
#include <stdlib.h>

enum { USUAL_DEPTH = WIRE_DEPTH_MAX };

static struct family *family;
static struct thread *thread;
static uint64_t captures, different;
static volatile int sink;

// ---- in place of module.c: three modules, told by name ----

uint32_t module_of(struct module_identity *scratch, uintptr_t address) {
    (void)scratch;
    struct dl_find_object found;
    if (_dl_find_object((void *)address, &found) != 0)
        return 0;
    const char *name = found.dlfo_link_map->l_name;
    return strstr(name, "stack_first") ? 1 : strstr(name, "stack_second") ? 2 : 3;
}

uint32_t module_unload_count;

void module_note_unload(void) {
    module_unload_count++;
}

// ---- the comparison ----

struct listed {
    size_t count;
    uint64_t pc[USUAL_DEPTH + 2];
    uint32_t module[USUAL_DEPTH + 2];
};

static void list_add(struct listed *list, uint64_t pc, uint32_t module) {
    if (list->count < USUAL_DEPTH + 2) {
        list->pc[list->count] = pc;
        list->module[list->count] = module;
    }
    list->count++;
}

static void list_stack(struct listed *list, uint32_t id) {
    struct wire_stack_node node;
    list->count = 0;
    for (; family_node(family, id, &node) && list->count < USUAL_DEPTH + 2; id = node.parent)
        list_add(list, node.pc, node.module);
}

static void list_walk(struct listed *list, const struct walk *walk) {
    static struct module_identity identity;
    list->count = 0;
    for (size_t i = 0; i < walk->count; i++) {
        const struct walked_frame *frame = &walk->frames[i];
        bool exact = frame->flags & STACK_EXACT_PC;
        list_add(list, frame->pc, frame->flags | module_of(&identity, exact ? frame->pc : frame->pc - 1));
        if (walk->elided && i + 1 == walk->elided_at)
            list_add(list, 0, STACK_ELIDED);
    }
    if (walk->truncated)
        list_add(list, 0, STACK_TRUNCATED);
}

static bool equal(const struct listed *a, const struct listed *b) {
    return a->count == b->count && memcmp(a->pc, b->pc, a->count * sizeof *a->pc) == 0 &&
           memcmp(a->module, b->module, a->count * sizeof *a->module) == 0;
}

static void print(const struct listed *captured, const struct listed *walked) {
    for (size_t i = 0; i < captured->count || i < walked->count; i++) {
        uint64_t a = i < captured->count ? captured->pc[i] : 0, b = i < walked->count ? walked->pc[i] : 0;
        uint32_t ma = i < captured->count ? captured->module[i] : 0,
                 mb = i < walked->count ? walked->module[i] : 0;
        fprintf(stderr, "%c %3zu captured %lx %x walked %lx %x\n", a == b && ma == mb ? ' ' : '*', i, a, ma,
                b, mb);
    }
}

// Captures the caller's stack and walks it. Called on any stack, so what is large is static.
static __attribute__((noinline)) uint32_t capture(void) {
    static struct walked_frame frames[USUAL_DEPTH];
    static struct listed captured, walked;
    struct frame_state start = FIXTURE_CALLER();
    uint32_t id = stack_capture(thread, &start);
    struct walk walk = {.frames = frames, .limit = memory->depth};
    unwind_walk(&start, &walk);
    list_stack(&captured, id);
    list_walk(&walked, &walk);
    captures++;
    if (!equal(&captured, &walked) && different++ < 3)
        print(&captured, &walked);
    return id;
}

static void set_up(void) {
    fixture_load();
    struct family_options options = {
        .ring_slots = 16, .depth = USUAL_DEPTH, .follow = 1, .address_space = UINT64_MAX};
    static struct wire_board page;
    family = family_new(&options);
    ck_assert_ptr_nonnull(family);
    attach_prepare();
    ck_assert_int_eq(attach_first(family->memory, &page), 0);
    thread = calloc(1, sizeof *thread);
    captures = different = 0;
}

static void check_all_equal(uint64_t at_least) {
    ck_assert_uint_eq(different, 0);
    ck_assert_uint_ge(captures, at_least);
}

#define KEEP_FRAME() __asm__ volatile("" ::: "memory")
#define SHAPE        static __attribute__((noinline))

SHAPE uint32_t leaf(void) {
    uint32_t id = capture();
    KEEP_FRAME();
    return id;
}
