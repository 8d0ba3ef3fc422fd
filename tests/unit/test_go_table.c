// Go's table of functions is read as the linker of each release writes it, and whatever its bytes are,
// nothing else is.

#include "tests/lib/suite.h"
#include "tests/unit/go_table_fixture.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define TEXT 0x401000ull

static const char *const names[FIXTURE_FUNCTIONS] = {"main.main", "main.(*Cache).Put", "runtime.goexit"};

static const uint32_t versions[] = {GO_TABLE_12, GO_TABLE_116, GO_TABLE_118, GO_TABLE_120};
enum { VERSIONS = sizeof versions / sizeof *versions };

static int32_t distance_at(const struct go_table *table, const struct go_function *function,
                           uint64_t address) {
    int32_t value = -2;
    ck_assert_int_eq(go_table_value(table, function, function->stack_values, address, &value), 0);
    return value;
}

static void check_functions(const struct go_table *table) {
    for (int i = 0; i < FIXTURE_FUNCTIONS; i++) {
        uint64_t start = TEXT + (uint64_t)i * FIXTURE_FUNCTION_BYTES;
        for (uint64_t offset = 0; offset < FIXTURE_FUNCTION_BYTES; offset++) {
            struct go_function function;
            ck_assert_int_eq(go_table_find(table, start + offset, &function), 0);
            ck_assert_uint_eq(function.start, start);
            ck_assert_uint_eq(function.end, start + FIXTURE_FUNCTION_BYTES);
            ck_assert_str_eq(go_table_name(table, function.name), names[i]);
            ck_assert_int_eq(distance_at(table, &function, start + offset),
                             offset < 4 || offset >= 60 ? 0 : 24);
        }
    }
}

START_TEST(every_version_is_read) {
    struct go_fixture fixture;
    struct go_table table;
    fixture_build(&fixture, versions[_i], TEXT, true, names);
    ck_assert_int_eq(go_table_open(&table, fixture.bytes, fixture.size), 0);
    ck_assert_uint_eq(table.version, versions[_i]);
    check_functions(&table);
    struct go_function function;
    ck_assert_int_eq(go_table_find(&table, TEXT - 1, &function), -ENOENT);
    ck_assert_int_eq(go_table_find(&table, TEXT + FIXTURE_FUNCTIONS * FIXTURE_FUNCTION_BYTES, &function),
                     -ENOENT);
}
END_TEST

START_TEST(a_text_start_that_is_not_in_the_table_is_given_by_who_opens_it) {
    struct go_fixture fixture;
    struct go_table table;
    fixture_build(&fixture, GO_TABLE_120, TEXT, false, names);
    ck_assert_int_eq(go_table_open(&table, fixture.bytes, fixture.size), 0);
    ck_assert_uint_eq(table.text_start, 0);
    table.text_start = TEXT;
    check_functions(&table);
}
END_TEST

START_TEST(other_magics_and_pointer_sizes_are_no_table) {
    struct go_fixture fixture;
    struct go_table table;
    fixture_build(&fixture, GO_TABLE_118, TEXT, true, names);
    static const struct {
        size_t at;
        uint8_t byte;
    } wrong[] = {{0, 0xf2}, {0, 0xff}, {3, 0}, {4, 1}, {5, 1}, {6, 2}, {6, 0}, {7, 4}, {7, 0}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct go_fixture other = fixture;
        other.bytes[wrong[i].at] = wrong[i].byte;
        ck_assert_int_eq(go_table_open(&table, other.bytes, other.size), -EINVAL);
    }
}
END_TEST

// The bytes that end at a page that must not be touched.
static uint8_t *guarded(size_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (bytes + page - 1) / page * page;
    uint8_t *at = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(at, MAP_FAILED);
    ck_assert_int_eq(mprotect(at + room, page, PROT_NONE), 0);
    return at + room - bytes;
}

// Everything there is to ask; what it says is not looked at.
static void ask_all(const uint8_t *bytes, size_t size) {
    struct go_table table;
    if (go_table_open(&table, bytes, size) != 0)
        return;
    for (uint64_t address = TEXT; address < TEXT + FIXTURE_FUNCTIONS * FIXTURE_FUNCTION_BYTES;
         address += 16) {
        struct go_function function;
        int32_t value;
        if (go_table_find(&table, address, &function) != 0)
            continue;
        ck_assert(address >= function.start && address < function.end);
        ck_assert_ptr_nonnull(go_table_name(&table, function.name));
        go_table_value(&table, &function, function.stack_values, address, &value);
    }
}

START_TEST(a_table_cut_short_is_read_to_its_end_at_most) {
    struct go_fixture fixture;
    fixture_build(&fixture, versions[_i], TEXT, true, names);
    for (size_t size = 0; size <= fixture.size; size++) {
        uint8_t *bytes = guarded(size ? size : 1);
        memcpy(bytes, fixture.bytes, size);
        ask_all(bytes, size);
    }
}
END_TEST

START_TEST(damaged_tables_are_survived) {
    struct go_fixture fixture;
    unsigned seed = 1;
    fixture_build(&fixture, versions[_i], TEXT, true, names);
    uint8_t *bytes = guarded(fixture.size);
    for (int round = 0; round < 20000; round++) {
        memcpy(bytes, fixture.bytes, fixture.size);
        for (int i = 0; i < 1 + round % 4; i++)
            bytes[8 + (size_t)rand_r(&seed) % (fixture.size - 8)] = (uint8_t)(rand_r(&seed) >> 8);
        ask_all(bytes, fixture.size);
    }
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, every_version_is_read, 0, VERSIONS);
    tcase_add_test(tests, a_text_start_that_is_not_in_the_table_is_given_by_who_opens_it);
    tcase_add_test(tests, other_magics_and_pointer_sizes_are_no_table);
    tcase_add_loop_test(tests, a_table_cut_short_is_read_to_its_end_at_most, 0, VERSIONS);
    tcase_add_loop_test(tests, damaged_tables_are_survived, 0, VERSIONS);
}
SEEP_TEST_MAIN("go table")
