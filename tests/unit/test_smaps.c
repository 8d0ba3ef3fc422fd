// links: analyzer/proc/smaps.c analyzer/arena.c
// flags: -pthread
// What the kernel says of a process's memory is read as it says it, also of strange names and old kernels.
#include "analyzer/proc/smaps.h"
#include "tests/lib/suite.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int parse(struct smaps *out, const char *text) {
    FILE *in = fmemopen((char *)text, strlen(text), "r");
    ck_assert_ptr_nonnull(in);
    int bad = smaps_parse(out, in);
    fclose(in);
    return bad;
}

START_TEST(every_figure_of_an_area_is_read) {
    struct smaps smaps;
    ck_assert_int_eq(parse(&smaps, "7f00a000-7f00f000 rw-s 00003000 fe:1a 1234      /a b/c: d (deleted)\n"
                                   "Size:                 20 kB\n"
                                   "Rss:                  10 kB\n"
                                   "Pss:                   9 kB\n"
                                   "Pss_Dirty:            77 kB\n"
                                   "Shared_Clean:          1 kB\n"
                                   "Shared_Dirty:          2 kB\n"
                                   "Private_Clean:         3 kB\n"
                                   "Private_Dirty:         4 kB\n"
                                   "Anonymous:             5 kB\n"
                                   "Shared_Hugetlb:        6 kB\n"
                                   "Private_Hugetlb:       7 kB\n"
                                   "Swap:                  8 kB\n"
                                   "SwapPss:              11 kB\n"
                                   "Locked:               12 kB\n"
                                   "THPeligible:           0\n"
                                   "VmFlags: rd wr sh gd wf dd ht lo \n"
                                   "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0    [vsyscall]\n"
                                   "VmFlags: io\n"),
                     0);
    ck_assert_uint_eq(smaps.count, 2);
    const struct smaps_area *area = &smaps.areas[0];
    ck_assert_uint_eq(area->start, 0x7f00a000);
    ck_assert_uint_eq(area->end, 0x7f00f000);
    ck_assert_int_eq(area->protection, PROT_READ | PROT_WRITE);
    ck_assert(area->shared);
    ck_assert_uint_eq(area->offset, 0x3000);
    ck_assert_uint_eq(area->device_major, 0xfe);
    ck_assert_uint_eq(area->device_minor, 0x1a);
    ck_assert_uint_eq(area->inode, 1234);
    ck_assert_str_eq(area->path, "/a b/c: d");
    ck_assert(area->deleted);
    ck_assert_uint_eq(area->rss_bytes, 10 << 10);
    ck_assert_uint_eq(area->pss_bytes, 9 << 10);
    ck_assert_uint_eq(area->shared_clean_bytes, 1 << 10);
    ck_assert_uint_eq(area->shared_dirty_bytes, 2 << 10);
    ck_assert_uint_eq(area->private_clean_bytes, 3 << 10);
    ck_assert_uint_eq(area->private_dirty_bytes, 4 << 10);
    ck_assert_uint_eq(smaps_dirty_bytes(area), 6 << 10);
    ck_assert_uint_eq(area->anonymous_bytes, 5 << 10);
    ck_assert_uint_eq(area->hugetlb_bytes, 13 << 10);
    ck_assert_uint_eq(area->swap_bytes, 8 << 10);
    ck_assert_uint_eq(area->swap_pss_bytes, 11 << 10);
    ck_assert_uint_eq(area->locked_bytes, 12 << 10);
    ck_assert_uint_eq(area->flags,
                      SMAPS_GROWS_DOWN | SMAPS_WIPE_ON_FORK | SMAPS_DONT_DUMP | SMAPS_HUGETLB | SMAPS_LOCKED);
    ck_assert_int_eq(smaps.areas[1].protection, PROT_EXEC);
    ck_assert_str_eq(smaps.areas[1].path, "[vsyscall]");
    ck_assert_uint_eq(smaps.areas[1].flags, SMAPS_DEVICE);
    smaps_free(&smaps);
}
END_TEST

START_TEST(a_line_of_maps_is_an_area_without_figures) {
    struct smaps smaps;
    ck_assert_int_eq(parse(&smaps, "1000-2000 ---p 00000000 00:00 0 \n"
                                   "2000-3000 r--p 00000000 00:00 0\n"
                                   "5000-6000 r--p 00000000 00:00 7 /a\\012b\n"),
                     0);
    ck_assert_uint_eq(smaps.count, 3);
    ck_assert_str_eq(smaps.areas[0].path, "");
    ck_assert_str_eq(smaps.areas[1].path, "");
    ck_assert_str_eq(smaps.areas[2].path, "/a\nb");
    ck_assert(!smaps.areas[2].deleted);
    ck_assert_ptr_eq(smaps_find(&smaps, 0x1fff), &smaps.areas[0]);
    ck_assert_ptr_eq(smaps_find(&smaps, 0x2000), &smaps.areas[1]);
    ck_assert_ptr_null(smaps_find(&smaps, 0xfff));
    ck_assert_ptr_null(smaps_find(&smaps, 0x3000));
    ck_assert_ptr_null(smaps_find(&smaps, 0x6000));
    ck_assert_uint_eq(smaps_first_above(&smaps, 0), 0);
    ck_assert_uint_eq(smaps_first_above(&smaps, 0x3000), 2);
    ck_assert_uint_eq(smaps_first_above(&smaps, 0x6000), 3);
    smaps_free(&smaps);
}
END_TEST

static const char *const nonsense[] = {
    "Rss: 3 kB\n",                                          // of nothing
    "2000-1000 ---p 00000000 00:00 0\n",                    // backwards
    "1000-1000 ---p 00000000 00:00 0\n",                    // empty
    "1000-3000 ---p 0 00:00 0\n2000-4000 ---p 0 00:00 0\n", // overlapping
    "1000-3000 ---p 0 00:00 x\n",                           // no inode
    "1000-3000 ---\n",                                      // cut off
    "0x1000-0x2000 ---p 0 00:00 0\n",                       // another notation
    "1000-fffffffffffffffff ---p 0 00:00 0\n",              // too large
    "1000-2000 ---p 0 00:00 0\n\n",                         // an empty line
    "what is this\n",
};

START_TEST(nonsense_is_refused_and_leaves_nothing) {
    struct smaps smaps;
    ck_assert_int_eq(parse(&smaps, nonsense[_i]), -EBADMSG);
    ck_assert_uint_eq(smaps.count, 0);
    ck_assert_ptr_null(smaps.areas);
    ck_assert_ptr_null(smaps.names);
}
END_TEST

START_TEST(this_process_is_read_and_its_figures_add_up) {
    char *page = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(page, MAP_FAILED);
    memset(page, 1, 8192);
    ck_assert_int_eq(mprotect(page + 4096, 4096, PROT_READ), 0); // an area of its own
    struct smaps smaps;
    ck_assert_int_eq(smaps_read(&smaps, getpid()), 0);
    const struct smaps_area *area = smaps_find(&smaps, (uintptr_t)page + 4096);
    ck_assert_ptr_nonnull(area);
    ck_assert_uint_eq(area->start, (uintptr_t)page + 4096);
    ck_assert_uint_eq(area->end, (uintptr_t)page + 8192);
    ck_assert_uint_eq(area->rss_bytes, 4096);
    ck_assert_uint_eq(smaps_dirty_bytes(area), 4096);
    ck_assert_int_eq(area->protection, PROT_READ);
    for (size_t i = 0; i < smaps.count; i++) {
        area = &smaps.areas[i];
        ck_assert_uint_eq(area->rss_bytes,
                          area->shared_clean_bytes + area->private_clean_bytes + smaps_dirty_bytes(area));
    }
    smaps_free(&smaps);
    munmap(page, 16384);
}
END_TEST

static void *sleep_on(void *unused) {
    for (;;)
        pause();
    return unused;
}

START_TEST(a_process_whose_main_thread_ended_still_has_its_memory) {
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, sleep_on, NULL);
        pthread_exit(NULL);
    }
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
    for (char state = 0; state != 'Z';) { // until the main thread has ended
        FILE *in = fopen(path, "r");
        ck_assert_ptr_nonnull(in);
        ck_assert_ptr_nonnull(fgets(line, sizeof line, in));
        fclose(in);
        state = strrchr(line, ')')[2];
    }
    struct smaps smaps;
    ck_assert_int_eq(smaps_read(&smaps, child), 0);
    ck_assert_ptr_nonnull(smaps_find(&smaps, (uintptr_t)sleep_on));
    smaps_free(&smaps);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert_int_eq(smaps_read(&smaps, child), -ESRCH);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, every_figure_of_an_area_is_read);
    tcase_add_test(tests, a_line_of_maps_is_an_area_without_figures);
    tcase_add_loop_test(tests, nonsense_is_refused_and_leaves_nothing, 0, sizeof nonsense / sizeof *nonsense);
    tcase_add_test(tests, this_process_is_read_and_its_figures_add_up);
    tcase_add_test(tests, a_process_whose_main_thread_ended_still_has_its_memory);
}

SEEP_TEST_MAIN("smaps")
