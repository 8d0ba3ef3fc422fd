// links: analyzer/verdict/sort.c
// Addresses of every kind come out ascending, with what goes along; those that are equal keep their order.
#include "analyzer/verdict/sort.h"
#include "tests/lib/suite.h"

#include <stdbool.h>

enum { MANY = 300000 };

static const size_t counts[] = {0, 1, 2, 100, 4095, 4096, 4097, MANY};
enum { COUNTS = sizeof counts / sizeof *counts };

static uint64_t random_word(void) {
    return (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
}

static uint64_t any(size_t i) {
    (void)i;
    return random_word();
}
static uint64_t as_in_a_heap(size_t i) {
    (void)i;
    return 0x7f1234000000 + random_word() % (1 << 28) * 16;
}
static uint64_t few_values(size_t i) {
    (void)i;
    return (random_word() % 5) << 60;
}
static uint64_t ascending(size_t i) {
    return 0x5600 + 64 * i;
}
static uint64_t descending(size_t i) {
    return UINT64_MAX - 8 * i;
}
static uint64_t (*const kinds[])(size_t) = {any, as_in_a_heap, few_values, ascending, descending};
enum { KINDS = sizeof kinds / sizeof *kinds };

// One assertion for all: they cost more than what is tested.
static bool is_sorted(const struct sort_entry *entries, const uint64_t *addresses, size_t count) {
    bool *seen = calloc(count + 1, sizeof *seen);
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        const struct sort_entry *entry = &entries[i];
        good = entry->number < count && !seen[entry->number] && entry->address == addresses[entry->number] &&
               (i == 0 || entry[-1].address < entry->address ||
                (entry[-1].address == entry->address && entry[-1].number < entry->number));
        if (good)
            seen[entry->number] = true;
    }
    free(seen);
    return good;
}

START_TEST(entries_come_out_ascending) {
    size_t count = counts[_i % COUNTS];
    struct sort_entry *entries = calloc(count + 1, sizeof *entries);
    uint64_t *addresses = calloc(count + 1, sizeof *addresses);
    srand((unsigned)_i + 1);
    for (size_t i = 0; i < count; i++)
        entries[i] = (struct sort_entry){addresses[i] = kinds[_i / COUNTS](i), (uint32_t)i};
    sort_by_address(entries, count);
    ck_assert(is_sorted(entries, addresses, count));
    free(entries);
    free(addresses);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, entries_come_out_ascending, 0, KINDS * COUNTS);
}
SEEP_TEST_MAIN("sort")
