// The rules of Go code on aarch64, from its instructions as words: what the toolchain makes of the runtime's
// functions there.
// links: preload/go_modules.c
#define MACHINE_GO_HEADER  "preload/machine_go_aarch64.h"
#define FIXTURE_UNIT_BYTES 4

#include "preload/go_rules.c" // for another machine than this one
#include "tests/lib/suite.h"
#include "tests/unit/go_table_fixture.h"

// The fixture's table says: 24 bytes of frame from the fifth instruction on.
enum { WORDS = FIXTURE_FUNCTION_BYTES / A64_BYTES, FRAME = 24 };

enum {
    NOP = 0xd503201f,
    BL = 0x94000000,
    BLR_X0 = 0xd63f0000,
    OPEN_24 = 0xf81e8ffe, // str x30, [sp, #-24]!
    MOV_X2_SP = 0x910003e2,
    MOV_SP_X0 = 0x9100001f,
    MOV_X13_SP = 0x910003ed,
    SUB_X13_16 = 0xd10041ad,
    MOV_SP_X13 = 0x910001bf,
    STR_X4_SP = 0xf90003e4,
    STR_X4_SP_8 = 0xf90007e4,
    STR_X2_SP_8 = 0xf90007e2,
    LDR_X4_X4_8 = 0xf9400484,
    SUB_X4_X2 = 0xcb020084,
    LDR_X0_X28_56 = 0xf9401f80,
    MOV_X4_0 = 0xd2800004,
    SUB_X0_X4_48 = 0xd100c080,
    SUB_SP_192 = 0xd10303ff,
    SUB_SP_16 = 0xd10043ff,
    STP_X29_X30_SP_8 = 0xa900fbfd,
    SUB_X20_SP = 0xd10443f4,
    STP_X29_X30_X20 = 0xa93ffa9d, // [x20, #-8]
    MOV_SP_X20 = 0x9100029f,
    STUR_X29 = 0xf81f83fd, // [sp, #-8]
};

#define CHECK_PROLOGUE NOP, NOP, NOP // the check of the stack's size

static const char *const names[FIXTURE_FUNCTIONS] = {"runtime.asmcgocall", "crosscall2", "main.plain"};
static const uint32_t text[FIXTURE_FUNCTIONS][WORDS] = {
    {CHECK_PROLOGUE, OPEN_24, MOV_X2_SP, LDR_X0_X28_56, MOV_SP_X0, MOV_X13_SP, SUB_X13_16, MOV_SP_X13,
     STR_X4_SP, LDR_X4_X4_8, SUB_X4_X2, STR_X4_SP_8, BLR_X0},
    {SUB_SP_192, NOP, NOP, NOP, STP_X29_X30_SP_8, BL},
    {CHECK_PROLOGUE, OPEN_24, BL, SUB_SP_16, BLR_X0},
};

static const char *const other_names[FIXTURE_FUNCTIONS] = {"runtime.asmcgocall.abi0", "runtime.cgocallback",
                                                           "main.large"};
static const uint32_t other_text[FIXTURE_FUNCTIONS][WORDS] = {
    {CHECK_PROLOGUE, OPEN_24, MOV_X2_SP, BL, MOV_X13_SP, SUB_X13_16, MOV_SP_X13, MOV_X4_0, STR_X4_SP,
     STR_X2_SP_8, BLR_X0},
    {CHECK_PROLOGUE, OPEN_24, BL, SUB_X0_X4_48, MOV_SP_X0, BLR_X0, LDR_X0_X28_56, MOV_SP_X0, BLR_X0},
    {CHECK_PROLOGUE, SUB_X20_SP, STP_X29_X30_X20, MOV_SP_X20, BL, MOV_SP_X0, BL},
};

static const char *const strange_names[FIXTURE_FUNCTIONS] = {"runtime.asmcgocall", "_rt0_arm64_lib",
                                                             "main.open"};
static const uint32_t strange_text[FIXTURE_FUNCTIONS][WORDS] = {
    {CHECK_PROLOGUE, OPEN_24, LDR_X0_X28_56, MOV_SP_X0, STR_X4_SP, BLR_X0},
    {OPEN_24, NOP, NOP, NOP, STUR_X29, BL},
    {CHECK_PROLOGUE, NOP, NOP, BL},
};

// In this program's data, as position-independent Go programs have it.
static struct go_fixture table = {.size = 1};

static void build(const uint32_t functions[FIXTURE_FUNCTIONS][WORDS],
                  const char *const function_names[FIXTURE_FUNCTIONS]) {
    fixture_build(&table, GO_TABLE_120, (uintptr_t)functions, true, function_names);
    go_modules_forget();
}

// The rule of the call that is the n-th word.
static struct frame_rule rule_at(const uint32_t *function, size_t n) {
    struct dl_find_object found;
    struct frame_rule rule;
    uintptr_t address = (uintptr_t)&function[n + 1] - 1;
    ck_assert(machine_go_ends_with_call((const uint8_t *)function, (n + 1) * A64_BYTES));
    ck_assert_int_eq(_dl_find_object((void *)address, &found), 0);
    ck_assert(go_rule(address, &found, &rule));
    return rule;
}

static void check_step(struct frame_rule rule, int32_t pc_slot) {
    ck_assert_int_eq(rule.kind, FRAME_STEP);
    ck_assert_int_eq(rule.cfa_base, FRAME_SP);
    ck_assert_int_eq(rule.cfa_offset, FRAME);
    ck_assert_int_eq(rule.ra_base, FRAME_CFA);
    ck_assert_int_eq(rule.ra_offset, pc_slot);
}

START_TEST(a_call_of_c_leads_to_the_goroutines_stack) {
    build(text, names);
    struct frame_rule rule = rule_at(text[0], 14);
    ck_assert_int_eq(rule.kind, FRAME_TO_GO);
    ck_assert_int_eq(rule.ra_offset, 0);
    ck_assert_int_eq(rule.fp_offset, 8);
    ck_assert_int_eq(rule.cfa_offset, 16);
    ck_assert_int_eq(rule.cfa_add, FRAME);
    ck_assert_uint_eq(machine_go_return_slot(0x1000, 0x1000 + FRAME), 0x1000);
}
END_TEST

START_TEST(a_call_of_c_from_the_threads_stack_is_stepped_over) {
    build(other_text, other_names);
    check_step(rule_at(other_text[0], 5), -FRAME);
    struct frame_rule rule = rule_at(other_text[0], 12);
    ck_assert_int_eq(rule.kind, FRAME_STEP);
    ck_assert_int_eq(rule.cfa_base, FRAME_SP_LOADED);
    ck_assert_int_eq(rule.cfa_offset, 8);
    ck_assert_int_eq(rule.cfa_add, FRAME);
    ck_assert_int_eq(rule.ra_base, FRAME_CFA);
    ck_assert_int_eq(rule.ra_offset, -FRAME);
}
END_TEST

START_TEST(a_callback_leads_back_to_cs_stack_while_it_is_on_the_goroutines) {
    build(other_text, other_names);
    check_step(rule_at(other_text[1], 4), -FRAME);
    struct frame_rule rule = rule_at(other_text[1], 7);
    ck_assert_int_eq(rule.kind, FRAME_TO_C);
    ck_assert_int_eq(rule.cfa_offset, FRAME);
    check_step(rule_at(other_text[1], 10), -FRAME);
}
END_TEST

START_TEST(functions_that_c_calls_have_cs_frame_pointer) {
    build(text, names);
    struct frame_rule rule = rule_at(text[1], 5);
    check_step(rule, 16 - FRAME);
    ck_assert_int_eq(rule.fp_base, FRAME_CFA);
    ck_assert_int_eq(rule.fp_offset, 8 - FRAME);
}
END_TEST

START_TEST(a_librarys_start_has_cs_frame_pointer) {
    build(strange_text, strange_names);
    struct frame_rule rule = rule_at(strange_text[1], 5);
    check_step(rule, -FRAME);
    ck_assert_int_eq(rule.fp_base, FRAME_CFA);
    ck_assert_int_eq(rule.fp_offset, -8 - FRAME);
}
END_TEST

START_TEST(the_return_address_is_where_the_frame_was_opened) {
    build(text, names);
    check_step(rule_at(text[2], 4), -FRAME);
    check_step(rule_at(text[2], 6), -FRAME); // sp was moved further down meanwhile
    ck_assert_int_eq(rule_at(text[2], 4).fp_base, FRAME_SAME);
}
END_TEST

START_TEST(a_large_frame_is_stepped_over_until_sp_is_moved) {
    build(other_text, other_names);
    check_step(rule_at(other_text[2], 6), -FRAME);
    ck_assert_int_eq(rule_at(other_text[2], 8).kind, FRAME_STUCK);
}
END_TEST

START_TEST(what_is_not_understood_ends_the_walk) {
    build(strange_text, strange_names);
    ck_assert_int_eq(rule_at(strange_text[0], 7).kind, FRAME_STUCK); // sp was never taken
    ck_assert_int_eq(rule_at(strange_text[2], 5).kind, FRAME_STUCK); // the return address was never saved
}
END_TEST

START_TEST(only_calls_end_with_a_call) {
    static const uint32_t others[] = {NOP, 0x14000000, 0xd65f03c0, 0xd61f0000, OPEN_24}; // b, ret, br
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ck_assert(!machine_go_ends_with_call((const uint8_t *)&others[i], A64_BYTES));
    ck_assert(!machine_go_ends_with_call((const uint8_t *)others, 0));
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, a_call_of_c_leads_to_the_goroutines_stack);
    tcase_add_test(tests, a_call_of_c_from_the_threads_stack_is_stepped_over);
    tcase_add_test(tests, a_callback_leads_back_to_cs_stack_while_it_is_on_the_goroutines);
    tcase_add_test(tests, functions_that_c_calls_have_cs_frame_pointer);
    tcase_add_test(tests, a_librarys_start_has_cs_frame_pointer);
    tcase_add_test(tests, a_large_frame_is_stepped_over_until_sp_is_moved);
    tcase_add_test(tests, the_return_address_is_where_the_frame_was_opened);
    tcase_add_test(tests, what_is_not_understood_ends_the_walk);
    tcase_add_test(tests, only_calls_end_with_a_call);
}
SEEP_TEST_MAIN("go rules, aarch64")
