// links: analyzer/ledger/mappings.c analyzer/ledger/regions.c analyzer/ledger/unmappings.c
// links: analyzer/proc/smaps.c analyzer/arena.c
// The book of mappings: what each call leaves of what, one by one and against a model that knows each page's
// owner.
#include "analyzer/ledger/mappings.h"
#include "analyzer/proc/smaps.h"
#include "tests/lib/suite.h"

#include <stdio.h>
#include <string.h>

static struct mappings *book;
static uint64_t number;

static uint64_t apply(uint8_t kind, uint8_t call, uint64_t address, uint64_t bytes, uint32_t stack,
                      uint16_t flags) {
    struct wire_record record = {.kind = kind,
                                 .call = call,
                                 .address = address,
                                 .bytes = bytes,
                                 .stack = stack,
                                 .flags = flags,
                                 .epoch = ++number};
    mappings_apply(book, &record);
    return number;
}

static void map(uint64_t address, uint64_t bytes, uint32_t stack) {
    apply(RECORD_MAPPED, CALL_mmap, address, bytes, stack, 0);
}

static uint64_t unmap(uint64_t address, uint64_t bytes) {
    return apply(RECORD_UNMAPPED, CALL_munmap, address, bytes, 99, 0);
}

static void take_back(uint64_t which) {
    apply(RECORD_TAKEN_BACK, CALL_munmap, which, 0, 0, 0);
}

static uint64_t move_begin(uint64_t address, uint64_t bytes, uint32_t stack) {
    return apply(RECORD_UNMAPPED, CALL_mremap, address, bytes, stack, RECORD_MAP_MOVED);
}

static void move_end(uint64_t which, uint64_t address, uint64_t bytes) {
    apply(RECORD_MAPPED, CALL_mremap, address, bytes, (uint32_t)which, RECORD_MAP_MOVED);
}

static void begin(void) {
    book = mappings_new();
    number = 0;
}

static void end(void) {
    mappings_free(book);
}

static void print_piece(void *context, const struct mapping_piece *piece) {
    const struct mapping *mapping = mappings_at(book, piece->mapping);
    fprintf(context, "%lx-%lx:%u ", (unsigned long)piece->start, (unsigned long)piece->end, mapping->stack);
}

// "1000-3000:7 " for each piece, with the stack of its mmap, then what the counts say.
static const char *state(void) {
    static char text[4096];
    FILE *out = fmemopen(text, sizeof text, "w");
    mappings_each(book, print_piece, out);
    struct mapping_counts counts;
    mappings_count(book, &counts);
    ck_assert_uint_eq(counts.outstanding, counts.mapped - counts.unmapped);
    fprintf(out, "= %lu of %lu, %lx", (unsigned long)counts.outstanding, (unsigned long)counts.mapped,
            (unsigned long)counts.outstanding_bytes);
    fclose(out);
    return text;
}

START_TEST(head_tail_and_middle_may_go_and_it_stays_one_mapping) {
    map(0x10000, 0x8000, 7);
    unmap(0x10000, 0x1000);
    ck_assert_str_eq(state(), "11000-18000:7 = 1 of 1, 7000");
    unmap(0x17000, 0x1000);
    ck_assert_str_eq(state(), "11000-17000:7 = 1 of 1, 6000");
    unmap(0x13000, 0x2000);
    ck_assert_str_eq(state(), "11000-13000:7 15000-17000:7 = 1 of 1, 4000");
    unmap(0x11000, 0x2000);
    ck_assert_str_eq(state(), "15000-17000:7 = 1 of 1, 2000");
    unmap(0x15000, 0x2000);
    ck_assert_str_eq(state(), "= 0 of 1, 0");
}
END_TEST

START_TEST(one_munmap_covers_many_and_more) {
    for (uint32_t i = 0; i < 5; i++)
        map(0x10000 + 0x2000 * i, 0x1000, i + 1);
    unmap(0, 0x13000);
    ck_assert_str_eq(state(), "14000-15000:3 16000-17000:4 18000-19000:5 = 3 of 5, 3000");
    unmap(0x14000, 0xffffffff);
    ck_assert_str_eq(state(), "= 0 of 5, 0");
    unmap(0, UINT64_MAX); // nothing to find
    ck_assert_str_eq(state(), "= 0 of 5, 0");
}
END_TEST

START_TEST(a_fixed_mapping_replaces_what_lay_there) {
    map(0x10000, 0x8000, 1);
    map(0x12000, 0x2000, 2);
    ck_assert_str_eq(state(), "10000-12000:1 12000-14000:2 14000-18000:1 = 2 of 2, 8000");
    map(0x0f000, 0x4000, 3);
    ck_assert_str_eq(state(), "f000-13000:3 13000-14000:2 14000-18000:1 = 3 of 3, 9000");
    map(0x0f000, 0x9000, 4);
    ck_assert_str_eq(state(), "f000-18000:4 = 1 of 4, 9000");
}
END_TEST

START_TEST(a_call_that_failed_took_nothing) {
    map(0x10000, 0x4000, 1);
    map(0x20000, 0x4000, 2);
    uint64_t failed = unmap(0x11000, 0x20000);
    ck_assert_str_eq(state(), "10000-11000:1 = 1 of 2, 1000");
    take_back(failed);
    ck_assert_str_eq(state(), "10000-11000:1 11000-14000:1 20000-24000:2 = 2 of 2, 8000");
    take_back(failed); // once only
    take_back(12345);  // another book's
    ck_assert_str_eq(state(), "10000-11000:1 11000-14000:1 20000-24000:2 = 2 of 2, 8000");
    failed = unmap(0x10000, 0x4000);
    map(0x12000, 0x1000, 3); // by another thread, before it was known to have failed
    take_back(failed);
    ck_assert_str_eq(state(),
                     "10000-11000:1 11000-12000:1 12000-13000:3 13000-14000:1 20000-24000:2 = 3 of 3, 8000");
    failed = unmap(0x10000, 0x4000);
    for (int i = 0; i < 5000; i++) // so many later nobody asks any more
        unmap(0x90000, 0x1000);
    take_back(failed);
    ck_assert_str_eq(state(), "20000-24000:2 = 1 of 3, 4000");
}
END_TEST

START_TEST(mremap_keeps_the_stack_of_the_mmap) {
    map(0x10000, 0x4000, 1);
    move_end(move_begin(0x10000, 0x4000, 50), 0x10000, 0x6000); // grown in place
    ck_assert_str_eq(state(), "10000-16000:1 = 1 of 1, 6000");
    move_end(move_begin(0x10000, 0x6000, 50), 0x10000, 0x2000); // shrunk
    ck_assert_str_eq(state(), "10000-12000:1 = 1 of 1, 2000");
    move_end(move_begin(0x10000, 0x2000, 50), 0x40000, 0x3000); // moved and grown
    ck_assert_str_eq(state(), "40000-43000:1 = 1 of 1, 3000");
    move_end(move_begin(0x41000, 0x1000, 50), 0x80000, 0x1000); // its middle moved
    ck_assert_str_eq(state(), "40000-41000:1 42000-43000:1 80000-81000:1 = 1 of 1, 3000");
    map(0x50000, 0x1000, 2);
    move_end(move_begin(0x80000, 0x1000, 50), 0x50000, 0x1000); // moved over another
    ck_assert_str_eq(state(), "40000-41000:1 42000-43000:1 50000-51000:1 = 1 of 2, 3000");
    take_back(move_begin(0x40000, 0x1000, 50)); // failed
    ck_assert_str_eq(state(), "40000-41000:1 42000-43000:1 50000-51000:1 = 1 of 2, 3000");
    uint64_t slow = move_begin(0x42000, 0x1000, 50);
    for (int i = 0; i < 5000; i++)
        unmap(0x90000, 0x1000);
    move_end(slow, 0x60000, 0x1000); // however long the call takes
    ck_assert_str_eq(state(), "40000-41000:1 50000-51000:1 60000-61000:1 = 1 of 2, 3000");
}
END_TEST

START_TEST(two_neighbours_moved_by_one_mremap_stay_two) {
    map(0x10000, 0x2000, 1);
    map(0x12000, 0x1000, 2);
    move_end(move_begin(0x10000, 0x3000, 50), 0x40000, 0x8000);
    ck_assert_str_eq(state(), "40000-42000:1 42000-48000:2 = 2 of 2, 8000");
    move_end(move_begin(0x40000, 0x8000, 50), 0x70000, 0x1000);
    ck_assert_str_eq(state(), "70000-71000:1 = 1 of 2, 1000");
}
END_TEST

START_TEST(what_nobody_saw_mapped_is_mremaps_once_it_moves) {
    move_end(move_begin(0x10000, 0x3000, 50), 0x40000, 0x4000);
    ck_assert_str_eq(state(), "40000-44000:50 = 1 of 1, 4000");
    ck_assert_int_eq(mappings_at(book, 0)->call, CALL_mremap);
    apply(RECORD_MAPPED, CALL_mremap, 0x50000, 0x1000, 51, 0); // of old size 0, or that leaves the old one
    ck_assert_str_eq(state(), "40000-44000:50 50000-51000:51 = 2 of 2, 5000");
}
END_TEST

START_TEST(shmdt_takes_what_is_left_of_its_attachment_and_nothing_else) {
    apply(RECORD_MAPPED, CALL_shmat, 0x10000, 0x6000, 1, 0);
    apply(RECORD_MAPPED, CALL_shmat, 0x16000, 0x1000, 2, 0);
    unmap(0x12000, 0x1000);
    map(0x12000, 0x1000, 3);
    apply(RECORD_UNMAPPED, CALL_shmdt, 0x11000, 0, 99, 0); // no attachment begins there
    ck_assert_str_eq(state(), "10000-12000:1 12000-13000:3 13000-16000:1 16000-17000:2 = 3 of 3, 7000");
    uint64_t failed = apply(RECORD_UNMAPPED, CALL_shmdt, 0x10000, 0, 99, 0);
    take_back(failed);
    ck_assert_str_eq(state(), "10000-12000:1 12000-13000:3 13000-16000:1 16000-17000:2 = 3 of 3, 7000");
    apply(RECORD_UNMAPPED, CALL_shmdt, 0x10000, 0, 99, 0);
    ck_assert_str_eq(state(), "12000-13000:3 16000-17000:2 = 2 of 3, 2000");
    apply(RECORD_UNMAPPED, CALL_shmdt, 0x12000, 0, 99, 0); // not shmat's
    ck_assert_str_eq(state(), "12000-13000:3 16000-17000:2 = 2 of 3, 2000");
    move_end(move_begin(0x16000, 0x1000, 50), 0x30000, 0x1000); // shmdt finds it there
    apply(RECORD_UNMAPPED, CALL_shmdt, 0x30000, 0, 99, 0);
    ck_assert_str_eq(state(), "12000-13000:3 = 1 of 3, 1000");
}
END_TEST

// What is left of it was moved over the address that it had.
START_TEST(shmdt_takes_no_attachment_that_begins_below) {
    apply(RECORD_MAPPED, CALL_shmat, 0x20000, 0x4000, 1, 0);
    move_end(move_begin(0x21000, 0x3000, 50), 0x1e000, 0x3000);
    ck_assert_str_eq(state(), "1e000-21000:1 = 1 of 1, 3000");
    apply(RECORD_UNMAPPED, CALL_shmdt, 0x20000, 0, 99, 0);
    ck_assert_str_eq(state(), "1e000-21000:1 = 1 of 1, 3000");
}
END_TEST

START_TEST(what_the_kernel_no_longer_has_is_not_reported) {
    map(0x10000, 0x4000, 1);
    map(0x20000, 0x4000, 2);
    map(0x30000, 0x4000, 3);
    char text[] = "11000-12000 rw-p 00000000 00:00 0\n13000-14000 rw-p 00000000 00:00 0\n"
                  "20000-24000 rw-p 00000000 00:00 0\n50000-51000 rw-p 00000000 00:00 0\n";
    FILE *in = fmemopen(text, strlen(text), "r");
    struct smaps kernel;
    ck_assert_int_eq(smaps_parse(&kernel, in), 0);
    fclose(in);
    mappings_reconcile(book, &kernel);
    ck_assert_str_eq(state(), "11000-12000:1 13000-14000:1 20000-24000:2 = 2 of 3, 6000");
    struct mapping_counts counts;
    mappings_count(book, &counts);
    ck_assert_uint_eq(counts.vanished_bytes, 0x6000);
    smaps_free(&kernel);
}
END_TEST

START_TEST(nonsense_harms_nothing) {
    map(UINT64_MAX - 5, UINT64_MAX, 1);
    map(5, 0, 2);
    unmap(UINT64_MAX, UINT64_MAX);
    move_end(77, 0x1000, 0);
    move_end(78, 0x1000, 0x1000);
    ck_assert_str_eq(state(), "1000-2000:0 fffffffffffffffa-ffffffffffffffff:1 = 2 of 2, 1005");
    for (int i = 0; i < 3000; i++)
        move_begin(0x1000, 0x1000, 1); // none of which ever ends
    ck_assert_str_eq(state(), "fffffffffffffffa-ffffffffffffffff:1 = 1 of 2, 5");
}
END_TEST

// ---- the model: an owner for each page ----

enum { PAGES = 48, STEPS = 60000 };
static uint32_t owner[PAGES]; // the stack of its mmap, a new one for each; 0: nobody
static uint64_t seed = 88172645463325252ull;

static uint32_t below(uint32_t limit) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed % limit);
}

static void model_map(uint32_t at, uint32_t pages, uint32_t stack) {
    for (uint32_t i = at; i < at + pages; i++)
        owner[i] = stack;
}

// What an mremap of [from, from + pages) to [to, to + fresh_pages), disjoint or the same beginning, does.
static void model_move(uint32_t from, uint32_t pages, uint32_t to, uint32_t fresh_pages, uint32_t stack) {
    uint32_t kept[PAGES], any = 0;
    memcpy(kept, owner + from, pages * sizeof *kept);
    for (uint32_t i = 0; i < pages; i++)
        any |= kept[i];
    model_map(from, pages, 0);
    model_map(to, fresh_pages, any ? 0 : stack);
    for (uint32_t i = 0; any && i < fresh_pages; i++)
        owner[to + i] = kept[i < pages ? i : pages - 1];
}

static uint32_t seen[PAGES];

static void see(void *context, const struct mapping_piece *piece) {
    (void)context;
    ck_assert_uint_eq(piece->start % 4096, 0);
    for (uint64_t page = piece->start / 4096; page < piece->end / 4096; page++)
        seen[page] = mappings_at(book, piece->mapping)->stack;
}

static void compare(uint32_t made) {
    memset(seen, 0, sizeof seen);
    mappings_each(book, see, NULL);
    ck_assert_mem_eq(seen, owner, sizeof owner);
    uint64_t pages = 0, mappings = 0;
    for (uint32_t i = 0; i < PAGES; i++) {
        pages += owner[i] != 0;
        bool first = owner[i] != 0;
        for (uint32_t k = 0; k < i; k++)
            first &= owner[k] != owner[i];
        mappings += first;
    }
    struct mapping_counts counts;
    mappings_count(book, &counts);
    ck_assert_uint_eq(counts.outstanding_bytes, 4096 * pages);
    ck_assert_uint_eq(counts.outstanding, mappings);
    ck_assert_uint_eq(counts.mapped, made);
    ck_assert_uint_eq(counts.unmapped, made - mappings);
}

START_TEST(any_calls_in_any_order_are_as_a_model_says) {
    uint32_t made = 0;
    for (uint32_t step = 1; step <= STEPS; step++) {
        uint32_t at = below(PAGES), pages = 1 + below(PAGES - at < 9 ? PAGES - at : 9);
        switch (below(5)) {
        case 0:
        case 1:
            map(4096 * at, 4096 * pages, step);
            model_map(at, pages, step);
            made++;
            break;
        case 2:
            unmap(4096 * at, 4096 * pages);
            model_map(at, pages, 0);
            break;
        case 3:
            take_back(below(2) ? unmap(4096 * at, 4096 * pages) : move_begin(4096 * at, 4096 * pages, step));
            break;
        case 4: {
            uint32_t to = below(3) ? below(PAGES) : at, fresh = 1 + below(PAGES - to < 9 ? PAGES - to : 9);
            if (to != at && to < at + pages && at < to + fresh)
                break; // the kernel refuses
            bool known = false;
            for (uint32_t i = at; i < at + pages; i++)
                known |= owner[i] != 0;
            move_end(move_begin(4096 * at, 4096 * pages, step), 4096 * to, 4096 * fresh);
            model_move(at, pages, to, fresh, step);
            made += !known;
            break;
        }
        }
        if (step % 8 == 0)
            compare(made);
    }
}
END_TEST

// As many as the kernel allows.
START_TEST(a_full_process_is_as_fast_as_an_empty_one) {
    enum { MANY = 65530 };
    for (uint64_t i = 0; i < MANY; i++)
        map(4096 * (2 * MANY - 2 * i), 4096, 1 + (uint32_t)i % 7);
    for (uint64_t i = 0; i < MANY; i += 2)
        unmap(4096 * (2 * MANY - 2 * i), 4096);
    for (uint64_t i = 1; i < MANY; i += 2)
        move_end(move_begin(4096 * (2 * MANY - 2 * i), 4096, 50), (1ull << 40) + 8192 * i, 8192);
    struct mapping_counts counts;
    mappings_count(book, &counts);
    ck_assert_uint_eq(counts.mapped, MANY);
    ck_assert_uint_eq(counts.outstanding, MANY / 2);
    ck_assert_uint_eq(counts.outstanding_bytes, 8192ull * (MANY / 2));
    ck_assert_uint_le(mappings_limit(book), MANY);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, head_tail_and_middle_may_go_and_it_stays_one_mapping);
    tcase_add_test(tests, one_munmap_covers_many_and_more);
    tcase_add_test(tests, a_fixed_mapping_replaces_what_lay_there);
    tcase_add_test(tests, a_call_that_failed_took_nothing);
    tcase_add_test(tests, mremap_keeps_the_stack_of_the_mmap);
    tcase_add_test(tests, two_neighbours_moved_by_one_mremap_stay_two);
    tcase_add_test(tests, what_nobody_saw_mapped_is_mremaps_once_it_moves);
    tcase_add_test(tests, shmdt_takes_what_is_left_of_its_attachment_and_nothing_else);
    tcase_add_test(tests, shmdt_takes_no_attachment_that_begins_below);
    tcase_add_test(tests, what_the_kernel_no_longer_has_is_not_reported);
    tcase_add_test(tests, nonsense_harms_nothing);
    tcase_add_test(tests, any_calls_in_any_order_are_as_a_model_says);
    tcase_add_test(tests, a_full_process_is_as_fast_as_an_empty_one);
}

SEEP_TEST_MAIN("mappings")
