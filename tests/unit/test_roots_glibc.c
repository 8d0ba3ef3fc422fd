// links: analyzer/verdict/roots*.c analyzer/verdict/ranges.c analyzer/verdict/memory.c analyzer/proc/smaps.c
// links: analyzer/arena.c
// glibc's regions by what it keeps in them, sound and damaged: what is damaged never takes more with it than
// the area that it lies in.
#include "analyzer/verdict/roots_parts.h"
#include "tests/unit/roots_world.h"

enum { HEAP_USED = 0x21000, TAIL = 0x10000, ROUNDS = 3000, HEAD_WORDS = 4 };

static const uint64_t heap_bytes = 64 << 20;

static uint64_t random_word(void) {
    return (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
}

// A thread's first heap, and the program's own memory that became one area with it.
static uint64_t heap_with_tail(void) {
    static uint64_t heap; // one is enough: each test writes it anew
    if (!heap)
        heap = world_memory(2 * heap_bytes, heap_bytes);
    const uint64_t head[HEAD_WORDS] = {heap + 0x30, 0, HEAP_USED - 0x1000, HEAP_USED};
    memcpy((void *)heap, head, sizeof head);
    return heap;
}

static struct world world_of_heap(uint64_t heap) {
    struct world world = world_new();
    world_area(&world, heap, heap + HEAP_USED + TAIL, "");
    world_area(&world, heap + heap_bytes, heap + heap_bytes + TAIL, "");
    world_search(&world);
    return world;
}

START_TEST(a_threads_heap_ends_where_it_says) {
    uint64_t heap = heap_with_tail();
    struct world world = world_of_heap(heap);
    ASSERT_NO_ROOT(&world, heap, heap + HEAP_USED);
    ASSERT_ROOT(&world, heap + HEAP_USED, heap + HEAP_USED + TAIL);
}
END_TEST

START_TEST(a_heap_that_contradicts_itself_is_the_programs_memory) {
    static const struct {
        int word;
        uint64_t value;
    } damages[] = {{0, 0},
                   {0, 8},
                   {0, UINT64_MAX},
                   {1, 64},
                   {2, HEAP_USED + 16},
                   {2, 0x1001},
                   {3, 0x21010},
                   {3, 1ull << 40},
                   {3, UINT64_MAX - 4095},
                   {3, HEAP_USED + TAIL + 4096}};
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        uint64_t heap = heap_with_tail();
        world_word(heap + 8 * (uint64_t)damages[i].word, damages[i].value);
        struct world world = world_of_heap(heap);
        ASSERT_ROOT(&world, heap, heap + HEAP_USED + TAIL);
    }
}
END_TEST

START_TEST(whatever_a_heap_says_its_neighbours_stay_roots) {
    srand(1);
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t heap = heap_with_tail();
        world_word(heap + 8 * (uint64_t)(rand() % HEAD_WORDS), random_word() >> rand() % 64);
        struct world world = world_of_heap(heap);
        ASSERT_ROOT(&world, heap + heap_bytes, heap + heap_bytes + TAIL);
    }
}
END_TEST

// A large block with a mapping of its own, between the program's memory: one area of three.
static struct world world_of_mapped_block(uint64_t base, uint64_t before, uint64_t size) {
    struct world world = world_new();
    uint64_t block = base + 2 * WORLD_PAGE + 16;
    world_word(block - 16, before);
    world_word(block - 8, size);
    world_area(&world, base, base + 8 * WORLD_PAGE, "");
    world_area(&world, base + 9 * WORLD_PAGE, base + 12 * WORLD_PAGE, "");
    world_block(&world, block, 5000);
    world_search(&world);
    return world;
}

START_TEST(a_mapped_block_takes_its_own_mapping) {
    uint64_t base = world_memory(16 * WORLD_PAGE, WORLD_PAGE);
    struct world world = world_of_mapped_block(base, 0, 2 * WORLD_PAGE | 2);
    ASSERT_ROOT(&world, base, base + 2 * WORLD_PAGE);
    ASSERT_NO_ROOT(&world, base + 2 * WORLD_PAGE, base + 4 * WORLD_PAGE);
    ASSERT_ROOT(&world, base + 4 * WORLD_PAGE, base + 8 * WORLD_PAGE);
    world = world_of_mapped_block(base, WORLD_PAGE, 2 * WORLD_PAGE | 2); // aligned further
    ASSERT_NO_ROOT(&world, base + WORLD_PAGE, base + 4 * WORLD_PAGE);
    ASSERT_ROOT(&world, base + 4 * WORLD_PAGE, base + 8 * WORLD_PAGE);
}
END_TEST

START_TEST(a_damaged_mapped_block_takes_no_more_than_its_area) {
    uint64_t base = world_memory(16 * WORLD_PAGE, WORLD_PAGE);
    srand(2);
    for (int round = 0; round < ROUNDS; round++) {
        bool first = rand() % 2;
        uint64_t word = random_word() >> rand() % 64;
        if (rand() % 2)
            word &= ~(uint64_t)(WORLD_PAGE - 1);
        struct world world =
            world_of_mapped_block(base, first ? word : 0, first ? 2 * WORLD_PAGE | 2 : word | 2);
        ASSERT_ROOT(&world, base + 9 * WORLD_PAGE, base + 12 * WORLD_PAGE);
        ASSERT_NO_ROOT(&world, base + 2 * WORLD_PAGE + 16, base + 2 * WORLD_PAGE + 16 + 5000);
    }
}
END_TEST

// libc's data with an arena's state: 127 bins, each empty but one; then it is damaged word by word.
enum { STATE_AT = 0x100, STATE_BYTES = 0x898, NEXT_AT = 0x870, BINS_AT = 0x70, BINS = 127 };

static struct world world_of_state(uint64_t base) {
    struct world world = world_new();
    world_area(&world, base, base + WORLD_PAGE, "/lib/libc.so.6");
    world_search(&world);
    return world;
}

static void write_state(uint64_t base) {
    uint64_t state = base + STATE_AT;
    memset((void *)base, 0, WORLD_PAGE);
    for (uint64_t bin = 0; bin < BINS; bin++) {
        uint64_t at = state + BINS_AT + 16 * bin;
        world_word(at, at - 16);
        world_word(at + 8, at - 16);
    }
    world_word(state + NEXT_AT, state);
}

START_TEST(the_first_arenas_state_is_none) {
    uint64_t base = world_memory(WORLD_PAGE, WORLD_PAGE), state = base + STATE_AT;
    write_state(base);
    struct world world = world_of_state(base);
    ASSERT_ROOT(&world, base, state);
    ASSERT_NO_ROOT(&world, state, state + STATE_BYTES);
    ASSERT_ROOT(&world, state + STATE_BYTES, base + WORLD_PAGE);
}
END_TEST

START_TEST(a_damaged_state_takes_at_most_its_own_bytes) {
    uint64_t base = world_memory(WORLD_PAGE, WORLD_PAGE);
    srand(3);
    for (int round = 0; round < ROUNDS / 3; round++) {
        write_state(base);
        for (int words = 1 + rand() % 64; words > 0; words--)
            world_word(base + 8 * (uint64_t)(rand() % (WORLD_PAGE / 8)), random_word() >> rand() % 64);
        struct world world = world_of_state(base);
        ck_assert_uint_ge(world_rooted(&world, base, base + WORLD_PAGE), WORLD_PAGE - STATE_BYTES);
    }
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, a_threads_heap_ends_where_it_says);
    tcase_add_test(tests, a_heap_that_contradicts_itself_is_the_programs_memory);
    tcase_add_test(tests, whatever_a_heap_says_its_neighbours_stay_roots);
    tcase_add_test(tests, a_mapped_block_takes_its_own_mapping);
    tcase_add_test(tests, a_damaged_mapped_block_takes_no_more_than_its_area);
    tcase_add_test(tests, the_first_arenas_state_is_none);
    tcase_add_test(tests, a_damaged_state_takes_at_most_its_own_bytes);
}
SEEP_TEST_MAIN("glibc's regions")
