// Where the memory of a process was at its end: each kind in its row, and all rows together what the kernel
// counts (tests/lib/invariants.c holds every report of every test to that).
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <string.h>

enum { KIB = 1 << 10, MIB = 1 << 20, SLACK = 512 * KIB };

static json_t *memory_of(const json_t *process) {
    json_t *memory = json_object_get(process, "memory");
    ck_assert_msg(json_is_object(memory), "its memory was not looked at");
    ck_assert(json_real_value(json_object_get(memory, "age")) == 0);
    return memory;
}

static json_t *run_kind(struct seep_run *ran, int way, const char *name, const char *count) {
    *ran = SEEP(way, "memory_kinds", name, count);
    ck_assert_msg(exit_status(&ran->outcome) == 0, "%s: %d %s", name, exit_status(&ran->outcome),
                  ran->outcome.err);
    ck_assert_ptr_nonnull(ran->process);
    return memory_of(ran->process);
}

static long long figure(const json_t *memory, const char *member) {
    return json_integer_value(json_object_get(memory, member));
}

// Over all rows of this kind; file: only those whose file has that in its name.
static long long bytes_of(const json_t *memory, const char *what, const char *file) {
    long long bytes = 0;
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(memory, "rows"), i, row) {
        const char *name = json_string_value(json_object_get(row, "file"));
        if (strcmp(json_string_value(json_object_get(row, "what")), what) == 0 &&
            (!file || (name && strstr(name, file))))
            bytes += figure(row, "bytes");
    }
    return bytes;
}

static void assert_about(long long bytes, long long expected) {
    ck_assert_msg(bytes >= expected - SLACK && bytes <= expected + SLACK, "%lld bytes, not about %lld", bytes,
                  expected);
}

// Blocks of 1 to 2 KiB, one in a thousand of which stays: the allocator holds the rest.
START_TEST(fragmentation_is_held_by_the_allocator_and_not_leaked) {
    const char *wish = getenv("SEEP_FRAGMENTED_BLOCKS");
    const char *count = wish ? wish : "40000";
    struct seep_run ran;
    json_t *memory = run_kind(&ran, _i, "fragmented", count);
    long long blocks = atoll(count), all = 1536 * blocks;
    ck_assert_int_eq(heap(ran.process, "outstanding_blocks"), blocks / 1000);
    ck_assert_int_eq(bytes_of(memory, "heap_live", NULL), heap(ran.process, "outstanding_bytes"));
    long long held = bytes_of(memory, "heap_free_pages", NULL) + bytes_of(memory, "heap_free_pieces", NULL);
    ck_assert_msg(held > all * 95 / 100, "%lld of %lld", held, all);
    ck_assert_int_gt(bytes_of(memory, "heap_free_pages", NULL), held * 95 / 100);
    const char *remedy = json_string_value(json_object_get(memory, "remedy"));
    ck_assert_ptr_nonnull(remedy);
    ck_assert_ptr_nonnull(strstr(remedy, "no leak"));
    ck_assert_ptr_nonnull(strstr(remedy, "malloc_trim"));
    ck_assert_str_eq(json_string_value(json_object_get(memory, "allocator")), "glibc");
}
END_TEST

START_TEST(holes_beside_blocks_in_use_cannot_be_trimmed) {
    struct seep_run ran;
    json_t *memory = run_kind(&ran, WAY_RUN, "pinned", "60000");
    ck_assert_int_eq(bytes_of(memory, "heap_live", NULL), heap(ran.process, "outstanding_bytes"));
    ck_assert_int_eq(heap(ran.process, "outstanding_bytes"), 30000 * 1000);
    assert_about(bytes_of(memory, "heap_overhead", NULL), 30000 * 8);
    assert_about(bytes_of(memory, "heap_free_pieces", NULL), 30000 * 1008);
    const char *remedy = json_string_value(json_object_get(memory, "remedy"));
    ck_assert_ptr_nonnull(remedy);
    ck_assert_ptr_nonnull(strstr(remedy, "malloc_trim(0) can't"));
}
END_TEST

START_TEST(arenas_and_stacks_of_threads_are_told) {
    struct seep_run ran;
    json_t *memory = run_kind(&ran, _i, "arenas", NULL);
    ck_assert_int_ge(figure(memory, "arenas"), 3);
    ck_assert_int_gt(bytes_of(memory, "heap_free_pages", NULL), 6 * 4 * MIB * 9 / 10);
    ck_assert_int_ge(bytes_of(memory, "thread_stacks", NULL), 6 * MIB);
    ck_assert_int_lt(bytes_of(memory, "thread_stacks", NULL), 9 * MIB);
    ck_assert_int_lt(bytes_of(memory, "unattributed", NULL), MIB);
}
END_TEST

START_TEST(what_was_never_touched_is_not_resident) {
    struct seep_run ran;
    json_t *memory = run_kind(&ran, _i, "untouched", NULL);
    ck_assert_int_eq(heap(ran.process, "outstanding_bytes"), 256 * MIB);
    assert_about(bytes_of(memory, "heap_live", NULL), 8 * MIB);
    ck_assert_int_eq(bytes_of(memory, "heap_live", NULL) + figure(memory, "live_untouched_bytes"), 256 * MIB);
}
END_TEST

// All of it was touched, so the rows are the verdicts' own figures.
START_TEST(live_blocks_are_divided_by_verdict) {
    struct seep_run ran;
    json_t *memory = run_kind(&ran, _i, "lost", NULL), *row;
    size_t i, rows = 0;
    json_array_foreach(json_object_get(memory, "rows"), i, row) {
        if (strcmp(json_string_value(json_object_get(row, "what")), "heap_live") != 0)
            continue;
        const char *verdict = json_string_value(json_object_get(row, "verdict"));
        json_t *total = json_object_get(json_object_get(ran.process, "verdicts"), verdict);
        ck_assert_int_eq(figure(row, "bytes"), figure(total, "bytes"));
        rows++;
    }
    ck_assert_uint_ge(rows, 2);
    ck_assert_int_eq(figure(memory, "live_untouched_bytes"), 0);
    ck_assert_int_eq(bytes_of(memory, "heap_live", NULL), 32 * MIB);
}
END_TEST

START_TEST(shared_memory_and_files_are_named) {
    struct seep_run ran;
    json_t *memory = run_kind(&ran, _i, "shared", NULL);
    ck_assert_int_eq(bytes_of(memory, "mapping", "/memfd:a cache"), 16 * MIB);
    ck_assert_int_gt(bytes_of(memory, "file", "/memory_kinds"), 0);
    ck_assert_int_gt(bytes_of(memory, "file", "/libc.so.6"), 0);
    ck_assert_int_gt(bytes_of(memory, "seep", NULL), 0);
}
END_TEST

START_TEST(what_no_hook_saw_is_unattributed_and_little_else) {
    struct seep_run ran;
    json_t *memory = run_kind(&ran, _i, "raw", NULL);
    assert_about(bytes_of(memory, "unattributed", NULL), 16 * MIB);
}
END_TEST

// What it inherited can't be told from what it freed.
START_TEST(a_forked_childs_heap_is_not_divided) {
    struct seep_run ran;
    json_t *memory = run_kind(&ran, _i, "forks", NULL);
    long long pid = json_integer_value(json_object_get(ran.process, "pid"));
    size_t i;
    json_t *process, *child = NULL;
    json_array_foreach(json_object_get(ran.report, "processes"), i, process) {
        if (json_integer_value(json_object_get(process, "parent_pid")) == pid)
            child = process;
    }
    assert_about(bytes_of(memory, "heap_live", NULL), 16 * MIB);
    ck_assert_ptr_nonnull(child);
    json_t *inherited = memory_of(child);
    ck_assert_int_eq(bytes_of(inherited, "heap_live", NULL), 0);
    ck_assert_int_eq(bytes_of(inherited, "heap_free_pages", NULL), 0);
    ck_assert(json_is_null(json_object_get(inherited, "remedy")));
}
END_TEST

// Gigabytes are resident and the heap is small.
START_TEST(a_library_that_maps_and_forgets_is_named_with_its_stack) {
    const char *wish = getenv("SEEP_IMAGES"), *count = wish ? wish : "3";
    struct seep_run ran = SEEP(_i, "maps_and_forgets", count);
    ck_assert_msg(exit_status(&ran.outcome) == 0, "%s", ran.outcome.err);
    json_t *memory = memory_of(ran.process),
           *first = json_array_get(json_object_get(ran.process, "sites"), 0);
    long long images = atoll(count), all = images * 64 * MIB, rss = figure(memory, "rss_bytes");
    ck_assert_str_eq(json_string_value(json_object_get(first, "kind")), "map");
    ck_assert_int_eq(figure(first, "count"), images);
    ck_assert_int_eq(figure(first, "bytes"), all);
    ASSERT_STACK(first, "image_open", "serve", "main");
    ck_assert_int_ge(rss, all);
    ck_assert_msg(bytes_of(memory, "unattributed", NULL) <= rss / 20,
                  "more than 5 %% of it are unattributed");
    json_t *row = json_array_get(json_object_get(memory, "rows"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(row, "what")), "mapping");
    ck_assert_str_eq(json_string_value(json_object_get(row, "site")),
                     json_string_value(json_object_get(first, "id")));
    ck_assert_int_eq(figure(row, "bytes"), all);
}
END_TEST

START_TEST(the_text_says_where_it_was) {
    struct seep_job job = {.program = {.argv = {program_path("memory_kinds"), "fragmented", "40000"}},
                           .text_too = true};
    struct seep_run ran = seep_run_job(_i, &job);
    static const char *const lines[] = {"\nResident at its end: ", "\n== where the memory of process ",
                                        " MiB  heap: held by the allocator but free, whole pages\n",
                                        "seep itself (not there without it)\n", "malloc_trim(0)"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ck_assert_msg(strstr(ran.outcome.err, lines[i]) != NULL, "no '%s' in\n%s", lines[i], ran.outcome.err);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, fragmentation_is_held_by_the_allocator_and_not_leaked, 0, WAYS);
    tcase_add_test(tests, holes_beside_blocks_in_use_cannot_be_trimmed);
    tcase_add_loop_test(tests, arenas_and_stacks_of_threads_are_told, 0, WAYS);
    tcase_add_loop_test(tests, what_was_never_touched_is_not_resident, 0, WAYS);
    tcase_add_loop_test(tests, live_blocks_are_divided_by_verdict, 0, WAYS);
    tcase_add_loop_test(tests, shared_memory_and_files_are_named, 0, WAYS);
    tcase_add_loop_test(tests, what_no_hook_saw_is_unattributed_and_little_else, 0, WAYS);
    tcase_add_loop_test(tests, a_forked_childs_heap_is_not_divided, 0, WAYS);
    tcase_add_loop_test(tests, a_library_that_maps_and_forgets_is_named_with_its_stack, 0, WAYS);
    tcase_add_loop_test(tests, the_text_says_where_it_was, 0, WAYS);
}

SEEP_TEST_MAIN("memory")
