// links: analyzer/ledger/regions.c
// Random cuts and entries against an array that knows each address's owner; and no order of calls is slow.
#include "analyzer/ledger/regions.h"
#include "tests/lib/suite.h"

#include <string.h>

enum { ADDRESSES = 300, STEPS = 20000, MANY = 65530 };

static uint32_t owners[ADDRESSES]; // 0: nobody
static uint64_t seed = 88172645463325252ull;

static uint32_t below(uint32_t limit) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed % limit);
}

// What a cut must hand out, and a walk must visit: the array's runs, in order.
struct expected {
    uint64_t at, end; // the next run is looked for in [at, end)
    size_t runs;
};

static bool next_run(struct expected *e, struct region *out) {
    while (e->at < e->end && owners[e->at] == 0)
        e->at++;
    if (e->at == e->end)
        return false;
    out->start = e->at;
    out->owner = owners[e->at];
    while (e->at < e->end && owners[e->at] == out->owner)
        e->at++;
    out->end = e->at;
    return true;
}

static void visit(void *context, const struct region *region) {
    struct region run;
    ck_assert(next_run(context, &run));
    ck_assert_uint_eq(region->start, run.start);
    ck_assert_uint_eq(region->end, run.end);
    ck_assert_uint_eq(region->owner, run.owner);
    ((struct expected *)context)->runs++;
}

static void compare(const struct regions *regions) {
    struct expected e = {.end = ADDRESSES};
    struct region run;
    regions_each(regions, visit, &e);
    ck_assert(!next_run(&e, &run));
    ck_assert_uint_eq(e.runs, regions_count(regions));
}

START_TEST(every_cut_is_as_an_array_says) {
    struct regions *regions = regions_new();
    for (uint32_t step = 1; step <= STEPS; step++) { // each step's owner is new: runs don't join
        uint64_t start = below(ADDRESSES), end = start + below(_i ? ADDRESSES / 4 : 12);
        if (end > ADDRESSES)
            end = ADDRESSES;
        struct expected e = {.at = start, .end = end};
        struct region run;
        regions_cut(regions, start, end, visit, &e);
        ck_assert(!next_run(&e, &run));
        memset(owners + start, 0, (end - start) * sizeof *owners);
        if (start < end && below(3)) {
            regions_enter(regions, &(struct region){start, end, step});
            for (uint64_t at = start; at < end; at++)
                owners[at] = step;
        }
        uint64_t address = below(ADDRESSES);
        struct region found;
        e = (struct expected){.at = address, .end = ADDRESSES};
        bool some = regions_first_above(regions, address, &found);
        ck_assert_int_eq(some, next_run(&e, &run));
        if (some) {
            ck_assert_uint_eq(found.owner, run.owner);
            ck_assert_uint_eq(found.end, run.end);
            ck_assert(found.start == run.start || (found.start < address && run.start == address));
        }
        if (step % 16 == 0)
            compare(regions);
    }
    compare(regions);
    regions_free(regions);
}
END_TEST

static void count(void *context, const struct region *region) {
    (void)region;
    ++*(size_t *)context;
}

// As many as the kernel allows. Were one call to cost their number, this would take minutes.
START_TEST(as_many_as_a_process_can_have_are_as_fast_as_few) {
    struct regions *regions = regions_new();
    for (int round = 0; round < 4; round++) {
        for (uint64_t i = 0; i < MANY; i++) { // upwards, downwards, from the middle
            uint64_t at = round == 0 ? i : round == 1 ? MANY - 1 - i : i * 31 % MANY;
            regions_enter(regions, &(struct region){4096 * at, 4096 * at + 4096, (uint32_t)i});
        }
        ck_assert_uint_eq(regions_count(regions), MANY);
        size_t taken = 0;
        if (round < 2)
            regions_cut(regions, 1, 4096 * (uint64_t)MANY - 1, count, &taken); // all but a byte at each end
        for (uint64_t i = 0; round >= 2 && i < MANY; i++)
            regions_cut(regions, 4096 * i + 1, 4096 * i + 4095, count, &taken); // a hole in each
        ck_assert_uint_eq(taken, MANY);
        ck_assert_uint_eq(regions_count(regions), round < 2 ? 2 : 2 * MANY);
        regions_cut(regions, 0, UINT64_MAX, NULL, NULL);
        ck_assert_uint_eq(regions_count(regions), 0);
    }
    regions_free(regions);
}
END_TEST

START_TEST(the_ends_of_the_address_space_are_addresses) {
    struct regions *regions = regions_new();
    struct region found;
    ck_assert(!regions_first_above(regions, 0, &found));
    regions_enter(regions, &(struct region){0, UINT64_MAX, 7});
    regions_cut(regions, 5, 5, NULL, NULL);
    regions_cut(regions, 9, 5, NULL, NULL);
    ck_assert_uint_eq(regions_count(regions), 1);
    regions_cut(regions, 1, UINT64_MAX - 1, NULL, NULL);
    ck_assert(regions_first_above(regions, 1, &found));
    ck_assert_uint_eq(found.start, UINT64_MAX - 1);
    ck_assert(!regions_first_above(regions, UINT64_MAX, &found));
    regions_free(regions);
    regions_free(NULL);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, every_cut_is_as_an_array_says, 0, 2);
    tcase_add_test(tests, as_many_as_a_process_can_have_are_as_fast_as_few);
    tcase_add_test(tests, the_ends_of_the_address_space_are_addresses);
}

SEEP_TEST_MAIN("regions")
