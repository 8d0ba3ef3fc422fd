// links: analyzer/memory/account.c analyzer/memory/remedy.c analyzer/memory/pieces.c analyzer/memory/pages.c
// links: analyzer/report/units.c analyzer/report/report.c analyzer/arena.c analyzer/proc/smaps.c
//
// The account of memory, from areas and pages that are known: every resident byte is in one row, the rows add
// up to what the kernel counts, and each says what it is.
#include "analyzer/memory/account.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = PAGES_BYTES };
#define PRESENT   (1ull << 63 | 1ull << 56)
#define ZERO_PAGE (1ull << 63) // as one that a forked process shares

static struct look look;
static struct pieces_hints hints;
static struct arena *arena;
static struct smaps_area areas[20];

static void set_up(void) {
    look = (struct look){.pages_known = true, .peak_rss_bytes = -1};
    look.smaps.areas = areas;
    look.smaps.count = 0;
    hints = (struct pieces_hints){.pagemap_fd = memfd_create("pagemap", MFD_CLOEXEC)};
    arena = arena_new();
}

static void tear_down(void) {
    pieces_free(&look.pieces);
    close(hints.pagemap_fd);
    arena_free(arena);
}

// An area of so many pages, the first so many of them resident.
static struct smaps_area *area_of(uint64_t start, uint64_t pages, uint64_t resident, const char *path) {
    struct smaps_area *area = &areas[look.smaps.count++];
    *area = (struct smaps_area){.start = start,
                                .end = start + pages * PAGE,
                                .protection = PROT_READ | PROT_WRITE,
                                .path = path,
                                .inode = path[0] == '/' ? 77 : 0,
                                .device_major = path[0] == '/' ? 8 : 0,
                                .rss_bytes = resident * PAGE};
    for (uint64_t i = 0; i < resident; i++) {
        uint64_t entry = PRESENT;
        ck_assert_int_eq(
            pwrite(hints.pagemap_fd, &entry, sizeof entry, (off_t)((start / PAGE + i) * sizeof entry)),
            sizeof entry);
    }
    uint64_t none = 0; // the file must reach to the area's end
    ck_assert_int_eq(pwrite(hints.pagemap_fd, &none, pages == resident ? 0 : sizeof none,
                            (off_t)((area->end / PAGE - 1) * sizeof none)),
                     pages == resident ? 0 : sizeof none);
    look.rss_bytes += area->rss_bytes;
    return area;
}

static void set_entry(uint64_t address, uint64_t entry) {
    ck_assert_int_eq(pwrite(hints.pagemap_fd, &entry, sizeof entry, (off_t)(address / PAGE * sizeof entry)),
                     sizeof entry);
}

static void cut(void) {
    pieces_cut(&look.pieces, &look.smaps, &hints);
    uint64_t sum = 0;
    for (size_t i = 0; i < look.pieces.count; i++)
        sum += look.pieces.list[i].resident_bytes;
    ck_assert_uint_eq(sum, look.rss_bytes);
}

static const struct report_memory *make(const struct account_facts *facts) {
    const struct report_memory *memory = account_make(&look, facts, arena);
    uint64_t sum = 0;
    for (size_t i = 0; i < memory->row_count; i++) {
        sum += memory->rows[i].bytes;
        ck_assert_uint_gt(memory->rows[i].bytes, 0);
        ck_assert(i == 0 || memory->rows[i - 1].bytes >= memory->rows[i].bytes);
    }
    ck_assert_uint_eq(sum, look.rss_bytes);
    ck_assert_uint_eq(memory->rss_bytes, look.rss_bytes);
    return memory;
}

static uint64_t bytes_of(const struct report_memory *memory, enum memory_row_kind what) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < memory->row_count; i++)
        if (memory->rows[i].what == what)
            bytes += memory->rows[i].bytes;
    return bytes;
}

START_TEST(each_area_is_what_its_name_and_neighbours_say) {
    area_of(0x10000, 4, 4, "/usr/bin/shop");
    area_of(0x14000, 2, 1, ""); // its zeroed data
    area_of(0x20000, 3, 2, "[heap]");
    area_of(0x30000, 2, 2, "/memfd:cache");
    area_of(0x40000, 2, 2, "/dev/shm/ring");
    area_of(0x50000, 2, 1, "")->shared = true;
    area_of(0x60000, 9, 5, "/memfd:seep");
    area_of(0x70000, 9, 3, "/opt/seep/lib/seep/libseep.so");
    area_of(0x80000, 9, 6, "/run/tmpfs.file")->device_major = 0;
    area_of(0x90000, 9, 7, ""); // a thread's stack
    area_of(0xa0000, 9, 8, "");
    area_of(0xb0000, 9, 9, "[stack]");
    area_of(0xcf000, 1, 0, "")->protection = 0; // a guard
    area_of(0xd0000, 4, 2, "");                 // of a thread that runs
    area_of(0xe0000, 2, 0, "")->protection = 0; // no guard
    area_of(0xe2000, 4, 1, "");
    area_of(0xf0000, 4, 0, "[vvar]");
    area_of(0x100000, 5, 0, ""); // not touched yet
    area_of(0x110000, 5, 0, "")->inode = 77;
    hints.stack_pointers = (const uint64_t[]){0x1000, 0x98000, 0xb8000};
    hints.stack_count = 3;
    hints.memory_devices = (const uint64_t[]){pieces_device(0, 0)};
    hints.device_count = 1;
    cut();
    const struct report_memory *memory = make(&(struct account_facts){0});
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_FILE), 5 * PAGE);
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_HEAP_UNDIVIDED), 2 * PAGE);
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_SHARED), 11 * PAGE);
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_SEEP), 8 * PAGE);
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_STACKS), 18 * PAGE);
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_UNATTRIBUTED), 9 * PAGE);
    struct account_unattributed unattributed = account_unattributed(&look);
    ck_assert_uint_eq(unattributed.regions, 3);
    ck_assert_uint_eq(unattributed.bytes, (9 + 4 + 5) * PAGE);
    ck_assert_int_eq(memory->live_untouched_bytes, -1);
    for (size_t i = 0; i < memory->row_count; i++)
        if (memory->rows[i].what == MEMORY_ROW_FILE)
            ck_assert_str_eq(memory->rows[i].file, "/usr/bin/shop");
}
END_TEST

START_TEST(a_heap_is_divided_by_the_pages_that_live_blocks_are_in) {
    area_of(0x1000, 1, 1, "/lib/x86_64-linux-gnu/libc.so.6");
    area_of(0x20000, 10, 8, "[heap]");
    cut();
    ck_assert_uint_eq(pieces_mark(&look.pieces, 0x20010, 100), 100);
    ck_assert_uint_eq(pieces_mark(&look.pieces, 0x20ff0, 32), 32); // in two pages
    ck_assert_uint_eq(pieces_mark(&look.pieces, 0x27800, 0x1800),
                      0x800); // of which the later part is untouched
    ck_assert_uint_eq(pieces_mark(&look.pieces, 0x29800, 16), 0);
    struct account_facts facts = {.heap_known = true, .live_bytes = 100 + 32 + 0x1800 + 16};
    facts.live_resident_bytes[VERDICT_DEFINITE] = 132;
    facts.live_resident_bytes[VERDICT_REACHABLE] = 0x800;
    const struct report_memory *memory = make(&facts);
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_HEAP_LIVE), 132 + 0x800);
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_HEAP_FREE_PAGES), 5 * PAGE);
    // Chunks of 112, 48, 0x1810 and 32 bytes.
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_HEAP_OVERHEAD), 12 + 16 + 16 + 16);
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_HEAP_FREE_PIECES), 3 * PAGE - 132 - 0x800 - 60);
    ck_assert_int_eq(memory->live_untouched_bytes, 0x1000 + 16);
    ck_assert_str_eq(memory->allocator, "glibc");
    ck_assert_int_eq(memory->arenas, 1);
}
END_TEST

START_TEST(memory_that_a_block_lies_in_is_an_allocators_whoever_mapped_it) {
    area_of(0x20000, 4, 4, "");
    area_of(0x30000, 4, 4, "");
    area_of(0x40000, 4, 4, "");
    hints.regions = (const struct memory_region[]){{0x30000, 0x34000, MEMORY_MAPPING, 1},
                                                   {0x40000, 0x44000, MEMORY_MAPPING, 2}};
    hints.region_count = 2;
    cut();
    pieces_mark(&look.pieces, 0x20100, 0x100);
    pieces_mark(&look.pieces, 0x30100, 0x100);
    struct account_facts facts = {.heap_known = true, .live_bytes = 0x200};
    facts.live_resident_bytes[VERDICT_UNCLASSIFIED] = 0x200;
    const struct report_memory *memory = make(&facts);
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_UNATTRIBUTED), 0);
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_MAPPING), 4 * PAGE);
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_HEAP_FREE_PAGES), 6 * PAGE);
    ck_assert_ptr_null(memory->allocator);
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_HEAP_OVERHEAD), 0); // of an unknown allocator: not known
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_HEAP_FREE_PIECES), 2 * (PAGE - 0x100));
}
END_TEST

static const char *name_site(void *context, int32_t site) {
    ck_assert_ptr_eq(context, &look);
    return site == 7 ? "00000000000000a7" : NULL;
}

START_TEST(one_area_of_many_mappings_is_divided_among_their_sites) {
    area_of(0x20000, 64, 0, "")->rss_bytes = 6 * PAGE;
    look.rss_bytes += 6 * PAGE;
    const uint64_t resident[] = {0x20000, 0x28000, 0x29000, 0x30000, 0x31000, 0x38000};
    for (size_t i = 0; i < 6; i++)
        set_entry(resident[i], PRESENT);
    hints.regions = (const struct memory_region[]){{0x18000, 0x28000, MEMORY_MAPPING, 7},
                                                   {0x28000, 0x30000, MEMORY_MAPPING, 9},
                                                   {0x31000, 0x32000, MEMORY_MAPPING, 7},
                                                   {0x32000, 0x33000, MEMORY_SEEP, -1}};
    hints.region_count = 4;
    cut();
    const struct report_memory *memory =
        make(&(struct account_facts){.heap_known = true, .site_id = name_site, .context = &look});
    ck_assert_uint_eq(memory->row_count, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(memory->rows[i].bytes, 2 * PAGE);
        if (memory->rows[i].what == MEMORY_ROW_MAPPING && memory->rows[i].site) {
            ck_assert_str_eq(memory->rows[i].site, "00000000000000a7");
            ck_assert_uint_eq(memory->rows[i].pieces, 2);
        }
    }
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_UNATTRIBUTED), 2 * PAGE);
}
END_TEST

static enum memory_kind name_kind(void *context, int32_t site) {
    ck_assert_ptr_eq(context, &look);
    return site == 1 ? MEMORY_GO : site == 2 ? MEMORY_HEAP : MEMORY_MAPPING;
}

START_TEST(mappings_that_are_found_to_be_a_runtimes_are_its_own) {
    area_of(0x20000, 4, 4, "");
    area_of(0x30000, 4, 3, "");
    area_of(0x40000, 4, 2, "");
    hints.regions = (const struct memory_region[]){{0x20000, 0x24000, MEMORY_MAPPING, 1},
                                                   {0x30000, 0x34000, MEMORY_MAPPING, 2},
                                                   {0x40000, 0x44000, MEMORY_MAPPING, 3}};
    hints.region_count = 3;
    cut();
    struct account_facts facts = {.heap_known = true, .site_kind = name_kind, .context = &look};
    const struct report_memory *memory = make(&facts);
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_GO_HEAP), 4 * PAGE);
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_HEAP_FREE_PAGES), 3 * PAGE);
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_MAPPING), 2 * PAGE);
    facts.heap_known = false;
    ck_assert_uint_eq(bytes_of(make(&facts), MEMORY_ROW_HEAP_UNDIVIDED), 3 * PAGE);
}
END_TEST

START_TEST(the_page_of_zeros_is_nobodys) {
    struct smaps_area *area = area_of(0x20000, 8, 8, "[heap]");
    look.rss_bytes -= area->rss_bytes;
    look.rss_bytes += area->rss_bytes = 5 * PAGE;
    for (uint64_t at = 0x22000; at < 0x25000; at += PAGE)
        set_entry(at, ZERO_PAGE); // what was only read
    cut();
    ck_assert_uint_eq(pieces_mark(&look.pieces, 0x20000, 8 * PAGE), 5 * PAGE);
    ck_assert_uint_eq(pieces_mark(&look.pieces, 0x22000, 3 * PAGE), 0);
}
END_TEST

START_TEST(what_changes_while_it_is_read_adds_up_all_the_same) {
    // The kernel counted two pages more, or one fewer, than are there a moment later.
    struct smaps_area *area = area_of(0x20000, 8, 4, "[heap]");
    look.rss_bytes -= area->rss_bytes;
    look.rss_bytes += area->rss_bytes = _i * PAGE;
    cut();
    struct account_facts facts = {.heap_known = true, .live_bytes = 8 * PAGE};
    facts.live_resident_bytes[VERDICT_UNCLASSIFIED] = pieces_mark(&look.pieces, 0x20000, 8 * PAGE);
    ck_assert_uint_le(facts.live_resident_bytes[VERDICT_UNCLASSIFIED], look.rss_bytes);
    make(&facts);
}
END_TEST

START_TEST(without_the_kernels_word_on_pages_rows_are_estimates_that_add_up) {
    area_of(0x20000, 10, 5, "[heap]");
    area_of(0x40000, 10, 5, "");
    close(hints.pagemap_fd);
    hints.pagemap_fd = -1;
    look.pages_known = false;
    hints.regions = (const struct memory_region[]){{0x40000, 0x44000, MEMORY_MAPPING, 7}};
    hints.region_count = 1;
    cut();
    ck_assert_uint_eq(pieces_mark(&look.pieces, 0x20000, 3 * PAGE), 3 * PAGE);
    ck_assert_uint_eq(pieces_mark(&look.pieces, 0x25000, 4 * PAGE), 2 * PAGE); // no more can be
    struct account_facts facts = {.heap_known = true, .live_bytes = 7 * PAGE};
    facts.live_resident_bytes[VERDICT_UNCLASSIFIED] = 5 * PAGE;
    const struct report_memory *memory = make(&facts);
    ck_assert(memory->estimated);
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_MAPPING), 2 * PAGE);
    ck_assert_uint_eq(bytes_of(memory, MEMORY_ROW_UNATTRIBUTED), 3 * PAGE);
    hints.pagemap_fd = memfd_create("pagemap", MFD_CLOEXEC);
}
END_TEST

START_TEST(a_look_from_before_the_end_says_how_old_it_is) {
    area_of(0x20000, 10, 5, "[heap]");
    cut();
    look.taken_ns = 1000000000;
    ck_assert(make(&(struct account_facts){.ended_ns = 3500000000})->age_seconds == 2.5);
    ck_assert(make(&(struct account_facts){0})->age_seconds == 0);
}
END_TEST

// What is said of 64 MiB that are held, of which so many pages hold a block each.
static const char *remedy_of(const char *library, uint64_t pages_in_use, uint32_t arenas) {
    uint64_t pages = 16384;
    area_of(0x100000, 1, 1, library);
    area_of(0x1000000, pages, pages, "[heap]");
    look.arenas = arenas;
    cut();
    struct account_facts facts = {.heap_known = true, .live_bytes = 8 * pages_in_use};
    for (uint64_t i = 0; i < pages_in_use; i++)
        facts.live_resident_bytes[VERDICT_REACHABLE] += pieces_mark(&look.pieces, 0x1000000 + i * PAGE, 8);
    return make(&facts)->remedy;
}

START_TEST(memory_that_is_held_in_whole_pages_has_a_remedy) {
    const char *remedy = remedy_of("/lib/x86_64-linux-gnu/libc.so.6", 1, 0);
    ck_assert_ptr_nonnull(strstr(remedy, "64.0 MiB"));
    ck_assert_ptr_nonnull(strstr(remedy, "malloc_trim(0)"));
    ck_assert_ptr_nonnull(strstr(remedy, "MALLOC_MMAP_THRESHOLD_"));
    ck_assert_ptr_null(strstr(remedy, "MALLOC_ARENA_MAX"));
}
END_TEST

START_TEST(memory_that_blocks_pin_and_arenas_spread_has_another) {
    const char *remedy = remedy_of("/lib/x86_64-linux-gnu/libc.so.6", 16384, 31);
    ck_assert_ptr_nonnull(strstr(remedy, "can't"));
    ck_assert_ptr_nonnull(strstr(remedy, "32 arenas"));
    ck_assert_ptr_nonnull(strstr(remedy, "MALLOC_ARENA_MAX"));
}
END_TEST

START_TEST(each_allocator_has_its_own_remedy) {
    static const char *const cases[][2] = {{"/usr/lib/libjemalloc.so.2", "MALLOC_CONF"},
                                           {"/usr/lib/libtcmalloc_minimal.so.4", "ReleaseFreeMemory"},
                                           {"/usr/lib/libmimalloc.so.2.0", "mi_collect"}};
    ck_assert_ptr_nonnull(strstr(remedy_of(cases[_i][0], 1, 0), cases[_i][1]));
}
END_TEST

START_TEST(no_allocator_is_advised_to_give_back_what_blocks_pin) {
    const char *remedy = remedy_of("/usr/lib/libjemalloc.so.2", 16384, 0);
    ck_assert_ptr_nonnull(strstr(remedy, "can't be given back"));
    ck_assert_ptr_null(strstr(remedy, "MALLOC_CONF"));
    ck_assert_ptr_null(strstr(remedy, "malloc_trim"));
}
END_TEST

START_TEST(a_heap_in_use_needs_no_remedy) {
    area_of(0x100000, 1, 1, "/lib/x86_64-linux-gnu/libc.so.6");
    area_of(0x1000000, 16384, 16384, "[heap]");
    cut();
    struct account_facts facts = {.heap_known = true, .live_bytes = 15000 * PAGE};
    facts.live_resident_bytes[VERDICT_REACHABLE] = pieces_mark(&look.pieces, 0x1000000, 15000 * PAGE);
    ck_assert_ptr_null(make(&facts)->remedy);
}
END_TEST

START_TEST(names_go_there_and_back) {
    for (int kind = 0; kind < MEMORY_ROWS; kind++)
        ck_assert_int_eq(memory_row_from_name(memory_row_name((enum memory_row_kind)kind)), kind);
    ck_assert_int_lt(memory_row_from_name("heap"), 0);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, each_area_is_what_its_name_and_neighbours_say);
    tcase_add_test(tests, a_heap_is_divided_by_the_pages_that_live_blocks_are_in);
    tcase_add_test(tests, memory_that_a_block_lies_in_is_an_allocators_whoever_mapped_it);
    tcase_add_test(tests, one_area_of_many_mappings_is_divided_among_their_sites);
    tcase_add_test(tests, mappings_that_are_found_to_be_a_runtimes_are_its_own);
    tcase_add_test(tests, the_page_of_zeros_is_nobodys);
    tcase_add_loop_test(tests, what_changes_while_it_is_read_adds_up_all_the_same, 1, 7);
    tcase_add_test(tests, without_the_kernels_word_on_pages_rows_are_estimates_that_add_up);
    tcase_add_test(tests, a_look_from_before_the_end_says_how_old_it_is);
    tcase_add_test(tests, memory_that_is_held_in_whole_pages_has_a_remedy);
    tcase_add_test(tests, memory_that_blocks_pin_and_arenas_spread_has_another);
    tcase_add_loop_test(tests, each_allocator_has_its_own_remedy, 0, 3);
    tcase_add_test(tests, no_allocator_is_advised_to_give_back_what_blocks_pin);
    tcase_add_test(tests, a_heap_in_use_needs_no_remedy);
    tcase_add_test(tests, names_go_there_and_back);
}
SEEP_TEST_MAIN("memory account")
