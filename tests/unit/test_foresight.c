// links: analyzer/foresight.c analyzer/harvest.c analyzer/resolved.c analyzer/family.c analyzer/table.c analyzer/turnover.c
// links: analyzer/verdict/*.c analyzer/proc/smaps.c analyzer/arena.c analyzer/symbols/*.c
// links: analyzer/live.c analyzer/live_history.c analyzer/live_order.c analyzer/live_pool.c
// links: analyzer/live_recent.c analyzer/live_table.c
// flags: -ldw -lelf -lz -l:libiberty.a

// Names that are looked up while the program is looked at: those of its blocks' stacks, before they are asked
// for.
#include "analyzer/foresight.h"
#include "preload/wire/record.h"
#include "tests/lib/suite.h"
#include "tests/unit/symbols_fixture.h"

#include <sched.h>

static struct family *family;
static struct live_set *live;
static struct foresight *foresight;

static void begin(void) {
    set_up();
    family = family_new(&(struct family_options){.ring_slots = 4,
                                                 .depth = 16,
                                                 .follow = true,
                                                 .track = WIRE_TRACK_HEAP,
                                                 .address_space = (uint64_t)512 << 20});
    live = live_new(0);
    foresight = foresight_new(&(struct symbols_options){.debuginfod = false});
    write_file("leak.c", "int leak(int x) { return x * 3; }\nint hold(int x) { return x + 2; }\n");
    shell("cc -g -shared -fPIC -o leak.so leak.c");
}

static void end(void) {
    foresight_free(foresight);
    live_free(live);
    family_free(family);
    tear_down();
}

// A block whose stack has one frame, in the object that was built.
static void block(uint32_t stack, uint64_t pc) {
    const char *path = path_of("leak.so");
    strcpy((char *)family->memory + family->strings_at, path);
    struct wire_module *modules = (void *)((char *)family->memory + family->modules_at);
    modules[1] = (struct wire_module){.ready = 1, .path_bytes = (uint32_t)strlen(path)};
    struct wire_stack_node *nodes = (void *)((char *)family->memory + family->nodes_at);
    nodes[stack] = (struct wire_stack_node){.pc = pc, .module = 1 | STACK_EXACT_PC};
    live_apply(live, &(struct wire_record){
                         .address = 16 * stack, .bytes = 1, .stack = stack, .kind = RECORD_ACQUIRE});
    live_settle(live);
}

static const char *function_at(uint64_t address) {
    struct symbol_module module = {.path = path_of("leak.so")};
    ck_assert_uint_eq(symbols_resolve(foresight_symbols(foresight), &module, address, arena, frames, FRAMES),
                      1);
    return frames[0].function ? frames[0].function : "";
}

static bool has_a_second_processor(void) {
    cpu_set_t processors;
    return sched_getaffinity(0, sizeof processors, &processors) == 0 && CPU_COUNT(&processors) > 1;
}

START_TEST(names_are_known_before_they_are_asked_for) {
    begin();
    uint64_t leak = address_of("leak.so", "leak");
    block(1, leak);
    foresight_begin(foresight, family, live);
    live_free(live);
    live = NULL;
    foresight_symbols(foresight);
    shell("rm leak.so");
    ck_assert_str_eq(function_at(leak), has_a_second_processor() ? "leak" : "");
    end();
}
END_TEST

START_TEST(what_was_not_foreseen_is_found_all_the_same) {
    begin();
    uint64_t leak = address_of("leak.so", "leak"), hold = address_of("leak.so", "hold");
    foresight_begin(foresight, family, live); // no blocks
    block(1, leak);
    foresight_begin(foresight, family, live); // the first call counts
    ck_assert_str_eq(function_at(hold), "hold");
    ck_assert_str_eq(function_at(leak), "leak");
    ck_assert_uint_eq(frames[0].line, 1);
    end();
}
END_TEST

START_TEST(it_may_end_before_anybody_asks) {
    begin();
    block(1, address_of("leak.so", "leak"));
    foresight_begin(foresight, family, live);
    end();
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, names_are_known_before_they_are_asked_for);
    tcase_add_test(tests, what_was_not_foreseen_is_found_all_the_same);
    tcase_add_test(tests, it_may_end_before_anybody_asks);
}
SEEP_TEST_MAIN("foresight")
