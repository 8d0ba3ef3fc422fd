// Rules of Go code come from the object's own table, wherever the text start is kept, and from the runtime's
// instructions; what can't be understood has a rule that ends the walk.
// links: preload/go_modules.c preload/go_rules.c

#include "preload/go_modules.h"
#include "preload/go_rules.h"
#include "preload/machine_go.h"
#include "tests/lib/suite.h"
#include "tests/unit/go_table_fixture.h"

#include <dlfcn.h>

// Three functions of 64 bytes. They are in this program's text, so that the table's addresses are the
// program's.
extern const uint8_t made_up_text[];
__asm__(
    ".pushsection .text\n"
    ".balign 64\n"
    ".globl made_up_text\n"
    "made_up_text:\n"
    // asmcgocall, Go 1.19: opened by 64 bytes, g at 48, the depth at 40
    "1: mov %rsp, %rdx\n mov 0x38(%rsi), %rsp\n sub $64, %rsp\n and $-16, %rsp\n"
    "   mov %rdi, 48(%rsp)\n mov 8(%rdi), %rdi\n sub %rdx, %rdi\n mov %rdi, 40(%rsp)\n call *%rax\n"
    "   .globl made_up_switched\n made_up_switched: ret\n .fill 64 - (. - 1b), 1, 0x90\n"
    // a function that aligns its stack, and calls after that
    "2: sub $24, %rsp\n call *%rax\n .globl made_up_before\n made_up_before: and $-16, %rsp\n call *%rax\n"
    "   .globl made_up_after\n made_up_after: ret\n .fill 64 - (. - 2b), 1, 0x90\n"
    "3: sub $24, %rsp\n call *%rax\n .globl made_up_plain\n made_up_plain: add $24, %rsp\n ret\n"
    "   .fill 64 - (. - 3b), 1, 0x90\n"
    ".popsection\n");
extern const uint8_t made_up_switched[], made_up_before[], made_up_after[], made_up_plain[];

// The same in Go 1.21 and later, where functions without a frame save the frame pointer too. The fixture's
// table says 24 bytes where the compiler's says 8.
extern const uint8_t made_up_newer[];
__asm__(
    ".pushsection .text\n"
    ".balign 64\n"
    ".globl made_up_newer\n"
    "made_up_newer:\n"
    // asmcgocall, Go 1.22 and later, with the call before it changes stacks
    "1: push %rbp\n mov %rsp, %rbp\n mov %rsp, %rdx\n call 1b\n"
    "   .globl made_up_newer_early\n made_up_newer_early: mov 0x38(%rsi), %rsp\n sub $16, %rsp\n"
    "   and $-16, %rsp\n mov %rdi, 8(%rsp)\n mov 8(%rdi), %rdi\n sub %rdx, %rdi\n mov %rdi, (%rsp)\n call "
    "1b\n"
    "   .globl made_up_newer_switched\n made_up_newer_switched: ret\n .fill 64 - (. - 1b), 1, 0x90\n"
    // its double with the other calling convention
    "2: push %rbp\n mov %rsp, %rbp\n sub $24, %rsp\n call 1b\n"
    "   .globl made_up_newer_double\n made_up_newer_double: pop %rbp\n ret\n .fill 64 - (. - 2b), 1, 0x90\n"
    // crosscall2: what it stores is no longer C's frame pointer
    "3: push %rbp\n mov %rsp, %rbp\n sub $48, %rsp\n mov %rbp, 40(%rsp)\n lea 40(%rsp), %rbp\n call 1b\n"
    "   .globl made_up_newer_crosscall\n made_up_newer_crosscall: ret\n .fill 64 - (. - 3b), 1, 0x90\n"
    ".popsection\n");
extern const uint8_t made_up_newer_early[], made_up_newer_switched[], made_up_newer_double[],
    made_up_newer_crosscall[];

static const char *const newer_names[FIXTURE_FUNCTIONS] = {"runtime.asmcgocall", "runtime.asmcgocall",
                                                           "crosscall2"};
static const char *const names[FIXTURE_FUNCTIONS] = {"runtime.asmcgocall.abi0", "main.aligns", "main.plain"};

// In this program's data, where position-independent Go programs have theirs too. Not all zero, so that they
// are in the file.
static struct go_fixture table = {.size = 1};
extern uintptr_t made_up_module[24];
uintptr_t made_up_module[24] = {1}; // not static: what nobody reads here may not be left out

static void build(bool text_in_table) {
    fixture_build(&table, GO_TABLE_120, (uintptr_t)made_up_text, text_in_table, names);
    if (text_in_table)
        return;
    struct go_table opened;
    ck_assert_int_eq(go_table_open(&opened, table.bytes, table.size), 0);
    made_up_module[0] = (uintptr_t)table.bytes;
    made_up_module[1] = (uintptr_t)table.bytes + opened.names_at;
    made_up_module[20] = (uintptr_t)made_up_text;
    made_up_module[22] = (uintptr_t)made_up_text;
}

static struct frame_rule rule_of(const void *return_address) {
    struct dl_find_object found;
    struct frame_rule rule;
    uintptr_t address = (uintptr_t)return_address - 1;
    ck_assert_int_eq(_dl_find_object((void *)address, &found), 0);
    ck_assert(go_rule(address, &found, &rule));
    return rule;
}

static void check_rules(void) {
    struct frame_rule rule = rule_of(made_up_switched);
    ck_assert_int_eq(rule.kind, FRAME_TO_GO);
    ck_assert_int_eq(rule.ra_offset, 48);
    ck_assert_int_eq(rule.fp_offset, 40);
    ck_assert_int_eq(rule.cfa_offset, 64);
    ck_assert_int_eq(rule.cfa_add, 8); // sp was taken at the function's entry

    rule = rule_of(made_up_plain);
    ck_assert_int_eq(rule.kind, FRAME_STEP);
    ck_assert_int_eq(rule.cfa_base, FRAME_SP);
    ck_assert_int_eq(rule.cfa_offset, 24 + 8);
    ck_assert_int_eq(rule.ra_offset, -8);

    ck_assert_int_eq(rule_of(made_up_before).kind, FRAME_STEP);
    ck_assert_int_eq(rule_of(made_up_after).kind, FRAME_STUCK);
    ck_assert(go_modules_have((uintptr_t)made_up_plain));
    ck_assert(!go_modules_have((uintptr_t)check_rules));
}

START_TEST(of_a_table_with_its_text_start) {
    build(true);
    check_rules();
}
END_TEST

START_TEST(of_a_table_whose_text_start_the_runtime_keeps) {
    build(false);
    check_rules();
}
END_TEST

static const uint32_t versions[] = {GO_TABLE_12, GO_TABLE_116, GO_TABLE_118, GO_TABLE_120};

START_TEST(of_tables_of_every_version) {
    // Go 1.4 has what changes stacks in a function that runtime.asmcgocall calls.
    static const char *const old_names[FIXTURE_FUNCTIONS] = {"asmcgocall", "main.aligns", "main.plain"};
    bool is_old = versions[_i] == GO_TABLE_12;
    fixture_build(&table, versions[_i], (uintptr_t)made_up_text, true, is_old ? old_names : names);
    go_modules_forget();
    check_rules();
}
END_TEST

static void check_step(const void *return_address, int32_t frame_bytes) {
    struct frame_rule rule = rule_of(return_address);
    ck_assert_int_eq(rule.kind, FRAME_STEP);
    ck_assert_int_eq(rule.cfa_base, FRAME_SP);
    ck_assert_int_eq(rule.cfa_offset, frame_bytes);
    ck_assert_int_eq(rule.ra_base, FRAME_CFA);
    ck_assert_int_eq(rule.ra_offset, -8);
}

START_TEST(of_releases_that_save_the_frame_pointer_everywhere) {
    fixture_build(&table, GO_TABLE_120, (uintptr_t)made_up_newer, true, newer_names);
    go_modules_forget();
    struct frame_rule rule = rule_of(made_up_newer_switched);
    ck_assert_int_eq(rule.kind, FRAME_TO_GO);
    ck_assert_int_eq(rule.ra_offset, 8);
    ck_assert_int_eq(rule.fp_offset, 0);
    ck_assert_int_eq(rule.cfa_offset, 16);
    ck_assert_int_eq(rule.cfa_add, 24 + 8); // what the function had pushed when it took sp
    check_step(made_up_newer_early, 24 + 8);
    check_step(made_up_newer_double, 24 + 8);
    check_step(made_up_newer_crosscall, 24 + 8);
    rule = rule_of(made_up_newer_crosscall);
    ck_assert_int_eq(rule.fp_base, FRAME_CFA);
    ck_assert_int_eq(rule.fp_offset, -16);
}
END_TEST

START_TEST(code_that_is_not_gos_has_none) {
    struct dl_find_object found;
    struct frame_rule rule = {.kind = FRAME_COMPLEX};
    ck_assert_int_eq(_dl_find_object((void *)code_that_is_not_gos_has_none_fn, &found), 0);
    ck_assert(!go_rule((uintptr_t)code_that_is_not_gos_has_none_fn, &found, &rule));
    ck_assert_int_eq(rule.kind, FRAME_COMPLEX);
    build(true); // too late for an object that was searched, until something was unloaded
    ck_assert(!go_rule((uintptr_t)made_up_plain, &found, &rule));
    go_modules_forget();
    ck_assert(go_rule((uintptr_t)made_up_plain, &found, &rule));
}
END_TEST

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

START_TEST(slots_are_read_off_the_newest_asmcgocall_too) {
    struct machine_go_call call;
    // mov %rsp,%rdx; mov 0x38(%rsi),%rsp; sub $16,%rsp; and $-16,%rsp; mov %rdi,8(%rsp); mov 8(%rdi),%rdi;
    // sub %rdx,%rdi; mov %rdi,(%rsp); call
    ck_assert(machine_go_read_call(
        BYTES("\x48\x89\xe2\x48\x8b\x66\x38\x48\x83\xec\x10\x48\x83\xe4\xf0\x48\x89\x7c\x24\x08"
              "\x48\x8b\x7f\x08\x48\x29\xd7\x48\x89\x3c\x24\xe8\x01\x02\x03\x04"),
        &call));
    ck_assert(call.switched);
    ck_assert_int_eq(call.g, 8);
    ck_assert_int_eq(call.depth, 0);
    ck_assert_int_eq(call.opened, 16);
    // likewise up to the call that is made without a change of stacks: mov %rdx,(%rsp)
    ck_assert(machine_go_read_call(
        BYTES("\x48\x89\xe2\x48\x83\xec\x10\x48\x83\xe4\xf0\x48\xc7\x44\x24\x08\x00\x00\x00\x00"
              "\x48\x89\x14\x24\xff\xd0"),
        &call));
    ck_assert(!call.switched);
    ck_assert_int_eq(call.stack, 0);
}
END_TEST

START_TEST(unknown_instructions_are_not_understood) {
    struct machine_go_call call;
    ck_assert(!machine_go_read_call(BYTES("\xff\xd0"), &call));
    ck_assert(!machine_go_read_call(
        BYTES("\x48\x89\xe2\x48\x83\xec\x10\x48\x83\xe4\xf0\x48\x89\x7c\x24\x08\xff\xd0"), &call));
    // the top of the stack is read from another place of the goroutine's record
    ck_assert(!machine_go_read_call(
        BYTES("\x48\x89\xe2\x48\x83\xec\x10\x48\x89\x7c\x24\x08\x48\x8b\x7f\x10\x48\x29\xd7"
              "\x48\x89\x3c\x24\xff\xd0"),
        &call));
    // sp was never taken: the depth is of something else
    ck_assert(!machine_go_read_call(BYTES("\x48\x83\xec\x10\x48\x89\x7c\x24\x08\x48\x8b\x7f\x08\x48\x29\xd7"
                                          "\x48\x89\x3c\x24\xff\xd0"),
                                    &call));
}
END_TEST

START_TEST(a_callback_is_on_the_goroutines_stack_between_two_switches) {
    ck_assert(!machine_go_read_callback(BYTES("\x48\x83\xec\x20\xff\xd0")));
    ck_assert(machine_go_read_callback(BYTES("\x48\x83\xec\x20\x48\x89\xfc\xff\xd0")));
    ck_assert(
        !machine_go_read_callback(BYTES("\x48\x83\xec\x20\x48\x89\xfc\xff\xd0\x48\x8b\x66\x38\xff\xd0")));
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, of_a_table_with_its_text_start);
    tcase_add_test(tests, of_a_table_whose_text_start_the_runtime_keeps);
    tcase_add_loop_test(tests, of_tables_of_every_version, 0, sizeof versions / sizeof *versions);
    tcase_add_test(tests, of_releases_that_save_the_frame_pointer_everywhere);
    tcase_add_test(tests, code_that_is_not_gos_has_none);
    tcase_add_test(tests, slots_are_read_off_the_newest_asmcgocall_too);
    tcase_add_test(tests, unknown_instructions_are_not_understood);
    tcase_add_test(tests, a_callback_is_on_the_goroutines_stack_between_two_switches);
}
SEEP_TEST_MAIN("go rules")
