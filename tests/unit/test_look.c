// links: analyzer/memory/look.c analyzer/memory/pieces.c analyzer/memory/pages.c analyzer/memory/arenas.c
// links: analyzer/memory/cgroup.c analyzer/proc/smaps.c analyzer/arena.c
//
// A look at a living process: what it is made of is what that process has, to the page, and nothing is done
// to it.
#include "analyzer/memory/look.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, AREA_PAGES = 512 };

// Mapped here, and so at the same place in the child, which alone writes to it.
static char *private_area, *shared_area;
static pid_t child;
static int ready[2];

static void live_in_child(void) {
    for (int i = 0; i < AREA_PAGES; i += 2)
        private_area[i * PAGE] = 1;
    char sum = 0;
    for (int i = 1; i < AREA_PAGES / 2; i += 2)
        sum = (char)(sum + ((volatile char *)private_area)[i * PAGE]); // the page of zeros
    memset(shared_area, 1, 100 * PAGE);
    if (write(ready[1], &sum, 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

static void start_child(void) {
    private_area = mmap(NULL, AREA_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    shared_area = mmap(NULL, AREA_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(private_area != MAP_FAILED && shared_area != MAP_FAILED);
    madvise(private_area, AREA_PAGES * PAGE, MADV_NOHUGEPAGE);
    ck_assert_int_eq(pipe(ready), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        live_in_child();
    char byte;
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
}

static void end_child(void) {
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    munmap(private_area, AREA_PAGES * PAGE);
    munmap(shared_area, AREA_PAGES * PAGE);
}

static uint64_t sum_of(const struct look *look, enum memory_kind kind, int32_t site) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < look->pieces.count; i++)
        if (look->pieces.list[i].kind == kind && look->pieces.list[i].site == site)
            bytes += look->pieces.list[i].resident_bytes;
    return bytes;
}

static struct look take(const struct memory_region *regions, size_t count) {
    struct look look;
    ck_assert_int_eq(look_take(&look, child, regions, count), 0);
    uint64_t sum = 0;
    for (size_t i = 0; i < look.pieces.count; i++)
        sum += look.pieces.list[i].resident_bytes;
    ck_assert_uint_eq(sum, look.rss_bytes);
    ck_assert_uint_gt(look.taken_ns, 0);
    ck_assert_int_ge(look.peak_rss_bytes, (int64_t)AREA_PAGES / 2 * PAGE);
    return look;
}

START_TEST(regions_are_told_from_the_rest_of_their_area) {
    uint64_t at = (uint64_t)private_area;
    const struct memory_region regions[] = {{at + 64 * PAGE, at + 128 * PAGE, MEMORY_MAPPING, 5},
                                            {at, at + 64 * PAGE, MEMORY_MAPPING, 3}};
    struct look look = take(regions, 2);
    ck_assert(look.pages_known);
    ck_assert_uint_eq(sum_of(&look, MEMORY_MAPPING, 3), 32 * PAGE);
    ck_assert_uint_eq(sum_of(&look, MEMORY_MAPPING, 5), 32 * PAGE);
    ck_assert_uint_ge(sum_of(&look, MEMORY_SHARED, -1), 100 * PAGE);
    look_free(&look);
}
END_TEST

START_TEST(where_regions_overlap_the_lower_ones_part_counts) {
    uint64_t at = (uint64_t)private_area;
    const struct memory_region regions[] = {{at + 32 * PAGE, at + 96 * PAGE, MEMORY_MAPPING, 5},
                                            {at, at + 64 * PAGE, MEMORY_MAPPING, 3},
                                            {at + 8 * PAGE, at + 16 * PAGE, MEMORY_MAPPING, 4},
                                            {at + 96 * PAGE, at + 96 * PAGE, MEMORY_MAPPING, 6}};
    struct look look = take(regions, 4);
    ck_assert_uint_eq(sum_of(&look, MEMORY_MAPPING, 3), 32 * PAGE);
    ck_assert_uint_eq(sum_of(&look, MEMORY_MAPPING, 4), 0);
    ck_assert_uint_eq(sum_of(&look, MEMORY_MAPPING, 5), 16 * PAGE);
    ck_assert_uint_eq(sum_of(&look, MEMORY_MAPPING, 6), 0);
    look_free(&look);
}
END_TEST

START_TEST(live_blocks_count_by_the_pages_that_are_there) {
    uint64_t at = (uint64_t)private_area;
    struct look look = take(NULL, 0);
    ck_assert_uint_eq(pieces_mark(&look.pieces, at, 4 * PAGE), 2 * PAGE);
    ck_assert_uint_eq(pieces_mark(&look.pieces, at + 4 * PAGE + 100, PAGE), PAGE - 100);
    ck_assert_uint_eq(pieces_mark(&look.pieces, at + 7 * PAGE, 200), 0);
    ck_assert_uint_eq(pieces_mark(&look.pieces, 0x1000, 200), 0); // in nothing that is resident
    look_free(&look);
}
END_TEST

START_TEST(its_main_stack_is_a_stack) {
    struct look look = take(NULL, 0);
    ck_assert_uint_gt(sum_of(&look, MEMORY_STACK, -1), 0);
    ck_assert_uint_gt(sum_of(&look, MEMORY_FILE, -1), 0);
    look_free(&look);
}
END_TEST

START_TEST(a_process_without_memory_is_said) {
    struct look look;
    kill(child, SIGKILL);
    siginfo_t info;
    ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    ck_assert_int_eq(look_take(&look, child, NULL, 0), -ESRCH); // it is not even reaped yet
}
END_TEST

START_TEST(looking_leaves_no_descriptor_open) {
    struct look look = take(NULL, 0);
    look_free(&look);
    int before = dup(0);
    close(before);
    look = take(NULL, 0);
    look_free(&look);
    int after = dup(0);
    close(after);
    ck_assert_int_eq(before, after);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, start_child, end_child);
    tcase_add_test(tests, regions_are_told_from_the_rest_of_their_area);
    tcase_add_test(tests, where_regions_overlap_the_lower_ones_part_counts);
    tcase_add_test(tests, live_blocks_count_by_the_pages_that_are_there);
    tcase_add_test(tests, its_main_stack_is_a_stack);
    tcase_add_test(tests, a_process_without_memory_is_said);
    tcase_add_test(tests, looking_leaves_no_descriptor_open);
}
SEEP_TEST_MAIN("look")
