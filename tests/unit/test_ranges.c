// links: analyzer/verdict/ranges.c
// Sets of ranges against a map with one byte for each address.
#include "analyzer/verdict/ranges.h"
#include "tests/lib/suite.h"

#include <stdbool.h>
#include <string.h>

enum { SPACE = 200, ROUNDS = 20000, MOST = 12 };

struct model {
    bool in[SPACE];
};

static void add(struct ranges *ranges, struct model *model, uint64_t begin, uint64_t end) {
    ranges_add(ranges, begin, end);
    for (uint64_t at = begin; at < end; at++)
        model->in[at] = true;
}

static void fill(struct ranges *ranges, struct model *model) {
    *ranges = (struct ranges){0};
    *model = (struct model){0};
    for (int count = rand() % MOST; count > 0; count--)
        add(ranges, model, (uint64_t)(rand() % SPACE), (uint64_t)(rand() % (SPACE + 1)));
    ranges_settle(ranges);
}

// The same addresses; ascending, and never two ranges where one will do if `joined`.
static void compare(const struct ranges *ranges, const struct model *model, bool joined) {
    bool in[SPACE] = {0};
    for (size_t i = 0; i < ranges->count; i++) {
        const struct classify_range *range = &ranges->entries[i];
        ck_assert_uint_lt(range->begin, range->end);
        ck_assert(i == 0 || (joined ? range[-1].end < range->begin : range[-1].end <= range->begin));
        memset(in + range->begin, true, range->end - range->begin);
    }
    ck_assert_mem_eq(in, model->in, sizeof in);
}

START_TEST(settled_and_subtracted_as_the_map_says) {
    srand(1);
    for (int round = 0; round < ROUNDS; round++) {
        struct ranges from, less, out = {0};
        struct model has, not ;
        fill(&from, &has);
        fill(&less, &not );
        compare(&from, &has, true);
        ranges_subtract(&from, &less, &out);
        for (size_t at = 0; at < SPACE; at++)
            has.in[at] = has.in[at] && !not .in[at];
        compare(&out, &has, true);
        ranges_free(&from);
        ranges_free(&less);
        ranges_free(&out);
    }
}
END_TEST

START_TEST(the_ends_of_the_address_space_are_addresses_like_others) {
    struct ranges from = {0}, less = {0}, out = {0};
    ranges_add(&from, 0, UINT64_MAX);
    ranges_add(&from, 8, 4); // reversed: nothing
    ranges_add(&less, 0, 16);
    ranges_add(&less, UINT64_MAX - 8, UINT64_MAX);
    ranges_settle(&from);
    ranges_settle(&less);
    ranges_subtract(&from, &less, &out);
    ck_assert_uint_eq(out.count, 1);
    ck_assert(out.entries[0].begin == 16 && out.entries[0].end == UINT64_MAX - 8);
    ranges_free(&from);
    ranges_free(&less);
    ranges_free(&out);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, settled_and_subtracted_as_the_map_says);
    tcase_add_test(tests, the_ends_of_the_address_space_are_addresses_like_others);
}
SEEP_TEST_MAIN("ranges")
