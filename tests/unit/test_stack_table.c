// links: preload/stack_table.c preload/attach.c analyzer/family.c
// flags: -pthread
// Threads intern random stacks at the same time: each id leads to what was interned under it, the same stack
// keeps its id, full levels are followed by larger ones, and a full table is counted and harms nothing.
#include "analyzer/family.h"
#include "preload/attach.h"
#include "preload/stack_table.h"
#include "preload/wire/atomic.h"
#include "preload/wire/stacks.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>

enum { THREADS = 4, STACKS = 3000, DEPTH = 12, ALPHABET = 5 };

uint32_t phase = PHASE_READY;
static struct wire_board the_board;
static struct family *family;

static void setup(void) {
    family = family_new(&(struct family_options){.ring_slots = 4,
                                                 .depth = 64,
                                                 .follow = true,
                                                 .track = WIRE_TRACK_HEAP,
                                                 .address_space = (uint64_t)512 << 20});
    ck_assert_ptr_nonnull(family);
    attach_prepare();
    ck_assert_int_eq(attach_first(family->memory, &the_board), 0);
}

// A stack that its number determines: neighbours share callers.
struct made {
    uint64_t pc[DEPTH];
    uint32_t module[DEPTH];
    uint32_t depth;
};

static struct made make(uint64_t number) {
    struct made made = {.depth = 1 + number % DEPTH};
    for (uint32_t i = 0; i < made.depth; i++) {
        made.pc[i] = 0x400000 + (number >> 4) % ALPHABET * 16 + i;
        made.module[i] = 1 + (uint32_t)(number >> 8) % 3;
        number = number * 6364136223846793005ull + 1442695040888963407ull;
    }
    return made;
}

static uint32_t intern(const struct made *made) {
    uint64_t hash = STACK_HASH_START;
    uint32_t id = 0;
    for (uint32_t i = 0; i < made->depth; i++) {
        hash = stack_hash_add(hash, made->pc[i], made->module[i]);
        id = stack_table_intern(hash, id, made->module[i], made->pc[i]);
        if (!id)
            break;
    }
    return id;
}

// As the analyzer reads it.
static void check_resolves(uint32_t id, const struct made *made) {
    struct wire_stack_node node;
    for (uint32_t i = made->depth; i-- > 0; id = node.parent) {
        ck_assert(family_node(family, id, &node));
        ck_assert_uint_eq(node.pc, made->pc[i]);
        ck_assert_uint_eq(node.module, made->module[i]);
        ck_assert_uint_lt(node.parent, id);
    }
    ck_assert_uint_eq(id, 0);
}

struct worker {
    uint64_t first;
    uint32_t ids[STACKS];
};

static void *work(void *argument) {
    struct worker *worker = argument;
    for (uint32_t i = 0; i < STACKS; i++) {
        struct made made = make(worker->first + i);
        worker->ids[i] = intern(&made);
        check_resolves(worker->ids[i], &made);
    }
    return NULL;
}

START_TEST(ids_lead_to_what_was_interned) {
    setup();
    static struct worker workers[THREADS];
    pthread_t threads[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        workers[i].first = (uint64_t)_i * 100000 + i * (STACKS / 2); // each shares half with the next
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (uint32_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (uint32_t i = 0; i < THREADS; i++)
        for (uint32_t k = 0; k < STACKS; k++) {
            struct made made = make(workers[i].first + k);
            check_resolves(workers[i].ids[k], &made);
            check_resolves(intern(&made), &made);
        }
    ck_assert_uint_gt(family->memory->index_level, 0);
    ck_assert_uint_eq(family->memory->lost_stacks, 0);
    family_free(family);
}
END_TEST

START_TEST(a_stack_keeps_its_id) {
    setup();
    for (uint64_t i = 0; i < STACKS; i++) {
        struct made made = make(i);
        uint32_t id = intern(&made);
        ck_assert_uint_eq(intern(&made), id);
    }
    family_free(family);
}
END_TEST

START_TEST(a_full_table_is_counted_and_what_is_in_it_stays) {
    setup();
    struct made first = make(1);
    uint32_t id = intern(&first);
    uint32_t limit = family->memory->node_limit;
    uint64_t interned = 0, pc = 1;
    for (; !family->memory->lost_stacks; pc++)
        interned += stack_table_intern(stack_hash_add(STACK_HASH_START, pc, 0), 0, 0, pc) != 0;
    ck_assert_uint_le(family->memory->node_count, limit);
    ck_assert_uint_ge(interned + first.depth + 2,
                      limit); // it was full indeed, and its index was not full before
    ck_assert_uint_eq(intern(&first), id);
    for (; family->memory->lost_stacks < 20; pc++)
        ck_assert_uint_eq(stack_table_intern(stack_hash_add(STACK_HASH_START, pc, 0), 0, 0, pc), 0);
    ck_assert_uint_le(family->memory->node_count, limit);
    family_free(family);
}
END_TEST

START_TEST(a_cell_whose_writer_was_killed_serves_the_next) {
    setup();
    uint64_t hash = stack_hash_add(STACK_HASH_START, 77, 1);
    struct wire_stack_cell *cells = (void *)((char *)memory + memory->index_at[0]);
    ck_assert_int_eq(attach_open(memory->index_at[0], STACK_INDEX_FIRST_CELLS * sizeof *cells), 0);
    cells[hash & (STACK_INDEX_FIRST_CELLS - 1)].hash = hash; // claimed, and never filled
    ck_assert_uint_eq(stack_table_find(hash), 0);
    uint32_t id = stack_table_intern(hash, 0, 1, 77);
    ck_assert_uint_ne(id, 0);
    ck_assert_uint_eq(stack_table_find(hash), id);
    family_free(family);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, ids_lead_to_what_was_interned, 0, 8);
    tcase_add_test(tests, a_stack_keeps_its_id);
    tcase_add_test(tests, a_full_table_is_counted_and_what_is_in_it_stays);
    tcase_add_test(tests, a_cell_whose_writer_was_killed_serves_the_next);
}
SEEP_TEST_MAIN("stack table")
