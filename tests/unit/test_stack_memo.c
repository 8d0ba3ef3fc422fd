// links: preload/stack.c preload/stack_memo.c preload/stack_compare.c preload/stack_table.c preload/attach.c
// links: preload/unwind.c preload/unwind_step.c preload/unwind_learn.c preload/unwind_objects.c
// links: preload/go_modules.c preload/go_rules.c preload/unwind_go.c
// links: preload/unwind_gate.c preload/derive.c preload/frame_rules.c analyzer/family.c
// flags: -pthread
//
// A stack captured with the memo is, frame by frame, what the full walk says of the same stack, whatever was
// captured before it. SEEP_MEMO_WALKS sets the number of walks of the random programs.
#include "tests/lib/suite.h"
#include "tests/unit/pest.h"
#include "tests/unit/stack_memo_fixture.h"

#include <alloca.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { DEFAULT_WALKS = FIXTURE_SANITIZED ? 50000 : 1000000 };

// ---- shapes of stacks ----

SHAPE uint32_t other_leaf(void) {
    uint32_t id = capture();
    KEEP_FRAME();
    return id;
}

SHAPE void once(uint32_t (*end)(void)) {
    end();
    KEEP_FRAME();
}

SHAPE void likewise(uint32_t (*end)(void)) {
    end();
    KEEP_FRAME();
}

SHAPE void outer(void (*middle)(uint32_t (*)(void)), uint32_t (*end)(void)) {
    middle(end);
    KEEP_FRAME();
}

SHAPE void recurse(int depth, bool at_each) {
    if (at_each || depth == 0)
        leaf();
    if (depth > 0)
        recurse(depth - 1, at_each);
    if (at_each)
        leaf();
    KEEP_FRAME();
}

START_TEST(the_same_stack_has_the_same_number) {
    uint32_t id[3];
    for (int i = 0, rounds = 3 + sink; i < rounds; i++) // a loop that is not unrolled: one call site
        id[i] = leaf();
    ck_assert_uint_ne(id[0], 0);
    ck_assert(id[0] == id[1] && id[1] == id[2]);
    ck_assert_uint_ne(other_leaf(), id[0]);
    ck_assert_uint_ne(leaf(), id[0]); // called from another line
    check_all_equal(5);
}
END_TEST

static __attribute__((noinline)) void walk_into(struct stack_memo *memo) {
    struct frame_state start = FIXTURE_CALLER();
    ck_assert(stack_memo_walk(memo, &start));
}

START_TEST(what_did_not_change_is_not_walked_again) {
    struct stack_memo *memo = calloc(1, sizeof *memo);
    // The first walk learns the rules, the second one that the steps are plain. One call site, so no
    // constants.
    for (int round = 0, rounds = 5 + sink; round < rounds; round++) {
        walk_into(memo);
        ck_assert_uint_ge(memo->count, 4);
        for (uint32_t i = 0; i < memo->count; i++) {
            if (round > 1) // frames that are walked anew lose their number
                ck_assert_uint_eq(memo->frames[i].node, 7);
            memo->frames[i].node = 7;
        }
    }
    free(memo);
}
END_TEST

START_TEST(inner_and_middle_frames_change) {
    for (int i = 0; i < 64; i++)
        outer(i & 1 ? once : likewise, i & 2 ? leaf : other_leaf);
    for (int i = 0; i < 64; i++) {
        if (i & 1)
            outer(i & 2 ? once : likewise, i & 4 ? leaf : other_leaf);
        else
            once(i & 2 ? leaf : other_leaf);
    }
    check_all_equal(128);
}
END_TEST

// rbp has any value in this frame; its callees save it where they like.
void memo_call_with_fp(uintptr_t fp, uint32_t (*end)(void));
__asm__(".text\n.type memo_call_with_fp, @function\nmemo_call_with_fp:\n.cfi_startproc\n"
        "pushq %rbp\n.cfi_def_cfa_offset 16\n.cfi_offset %rbp, -16\n"
        "movq %rdi, %rbp\ncall *%rsi\npopq %rbp\n.cfi_def_cfa_offset 8\nret\n.cfi_endproc\n"
        ".size memo_call_with_fp, .-memo_call_with_fp");

// Finds its frame by rbp, which it took from its caller's frame: two states that differ in fp alone have
// different callers.
void memo_frame_by_fp(uint32_t (*end)(void), uintptr_t words);
__asm__(".text\n.type memo_frame_by_fp, @function\nmemo_frame_by_fp:\n.cfi_startproc\n"
        "pushq %rbp\n.cfi_def_cfa_offset 16\n.cfi_offset %rbp, -16\n"
        "movq %rsp, %rbp\n.cfi_def_cfa_register %rbp\n"
        "shlq $3, %rsi\nsubq %rsi, %rsp\nandq $-16, %rsp\ncall *%rdi\n"
        "leave\n.cfi_def_cfa %rsp, 8\nret\n.cfi_endproc\n"
        ".size memo_frame_by_fp, .-memo_frame_by_fp");

START_TEST(only_the_frame_pointer_changes) {
    for (uintptr_t i = 0; i < 100; i++) {
        memo_call_with_fp(i % 3 ? 0 : i * 8, leaf);
        memo_frame_by_fp(leaf, i % 5 * 2);
    }
    check_all_equal(200);
}
END_TEST

START_TEST(recursion_grows_and_shrinks) {
    for (int depth = 0; depth < 60; depth += 7)
        recurse(depth, true);
    recurse(1500, true);
    recurse(3, true);
    check_all_equal(3000);
}
END_TEST

START_TEST(stacks_deeper_than_the_memo) {
    recurse(10, false);
    recurse(MEMO_FRAMES + 500, false);
    recurse(MEMO_FRAMES + 500, false);
    recurse(10, false);
    for (int depth = MEMO_FRAMES - 20; depth < MEMO_FRAMES + 20; depth++)
        recurse(depth, false);
    check_all_equal(44);
}
END_TEST

START_TEST(frames_beyond_the_depth_are_left_out) {
    static const uint32_t depths[] = {2, 3, 7, 20, 21};
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        memory->depth = depths[i];
        for (int depth = 0; depth < 40; depth++)
            recurse(depth, false);
        recurse(MEMO_FRAMES + 10, false);
    }
    check_all_equal(205);
}
END_TEST

static jmp_buf back;

SHAPE void jump_from(int depth) {
    if (depth > 0)
        jump_from(depth - 1);
    else
        leaf();
    KEEP_FRAME();
    if (!sink)
        longjmp(back, 1);
}

START_TEST(after_longjmp) {
    for (volatile int i = 0; i < 50; i = i + 1) {
        if (setjmp(back) == 0)
            jump_from(i % 7);
        leaf();
    }
    check_all_equal(100);
}
END_TEST

static void on_signal(int signal) {
    (void)signal;
    recurse(2, true);
}

static void catch_signal(int signal, int flags) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
    ck_assert_int_eq(sigaction(signal, &action, NULL), 0);
}

static void have_alternate_stack(void) {
    static char room[64 * 1024];
    stack_t alternate = {.ss_sp = room, .ss_size = sizeof room};
    ck_assert_int_eq(sigaltstack(&alternate, NULL), 0);
}

SHAPE void raise_at(int depth, int signal) {
    if (depth > 0)
        raise_at(depth - 1, signal);
    else
        raise(signal);
    leaf();
    KEEP_FRAME();
}

START_TEST(handlers_on_both_kinds_of_stack) {
    have_alternate_stack();
    catch_signal(SIGUSR1, 0);
    catch_signal(SIGUSR2, SA_ONSTACK);
    for (int i = 0; i < 40; i++)
        raise_at(i % 5, i & 1 ? SIGUSR1 : SIGUSR2);
    check_all_equal(300);
}
END_TEST

static volatile uint64_t timer_hits;

static void on_timer(int signal) {
    (void)signal;
    timer_hits = timer_hits + 1;
    leaf();
}

SHAPE int fibonacci(int n) {
    int result = n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
    KEEP_FRAME();
    return result;
}

// At any instruction of ordinary code; interrupted frames have exact addresses.
START_TEST(interrupted_frames) {
    struct sigaction action = {.sa_handler = on_timer};
    struct pest pest;
    sigaction(SIGUSR1, &action, NULL);
    ck_assert_int_eq(pest_start(&pest, SIGUSR1, 50000), 0);
    while (timer_hits < 2000) {
        pest_wind_up(&pest);
        sink = fibonacci(15);
    }
    pest_stop(&pest);
    signal(SIGUSR1, SIG_IGN);
    check_all_equal(2000);
}
END_TEST

enum { FIBERS = 5 };
static ucontext_t fiber[FIBERS], home;

static void fiber_body(int number) {
    for (int i = 0;; i++) {
        recurse((i + number) % 9, true);
        swapcontext(&fiber[number], i % 3 ? &home : &fiber[(number + 1) % FIBERS]);
    }
}

// A fiber that switches leaves its last walk to the next one, which begins with the same function.
START_TEST(fibers_take_turns) {
    static char stacks[FIBERS][64 * 1024];
    for (volatile int i = 0; i < FIBERS; i = i + 1) {
        getcontext(&fiber[i]);
        fiber[i].uc_stack.ss_sp = stacks[i];
        fiber[i].uc_stack.ss_size = sizeof stacks[i];
        makecontext(&fiber[i], (void (*)(void))fiber_body, 1, i);
    }
    for (volatile int i = 0; i < 200; i = i + 1) {
        swapcontext(&home, &fiber[i % FIBERS]);
        leaf();
    }
    check_all_equal(1000);
}
END_TEST

// ---- ends of stacks ----

// Nobody's caller, and its unwind information says so.
void memo_outermost(void);
__asm__(".text\n.type memo_outermost, @function\nmemo_outermost:\n.cfi_startproc\n.cfi_undefined %rip\n"
        "nop\nnop\nnop\nnop\nud2\n.cfi_endproc\n.size memo_outermost, .-memo_outermost");

static void end_body(void) {
    leaf();
    setcontext(&home);
}

// The same function at the same place, with this return address.
SHAPE void run_returning_to(uintptr_t address) {
    static uintptr_t stack[8192] __attribute__((aligned(16)));
    ucontext_t context;
    volatile bool ran = false;
    getcontext(&home);
    if (ran)
        return;
    ran = true;
    getcontext(&context);
    stack[8000 - 1] = address;
    context.uc_mcontext.gregs[REG_RIP] = (greg_t)end_body;
    context.uc_mcontext.gregs[REG_RSP] = (greg_t)&stack[8000 - 1];
    context.uc_mcontext.gregs[REG_RBP] = 0;
    setcontext(&context);
}

START_TEST(a_return_address_of_0_is_an_end_only_while_it_is_0) {
    uintptr_t inside = (uintptr_t)memo_outermost + 3;
    for (int i = 0; i < 20; i++)
        run_returning_to(i % 3 ? 0 : inside);
    check_all_equal(20);
}
END_TEST

// No unwind information: the caller can be guessed while rbp is a frame, else the stack ends here.
void memo_without_info(uintptr_t fp, uint32_t (*end)(void));
__asm__(".text\n.type memo_without_info, @function\nmemo_without_info:\n"
        "pushq %rbp\nmovq %rsp, %rbp\npushq %rbx\nmovq %rbp, %rbx\ntestq %rdi, %rdi\nje 1f\nmovq %rdi, %rbp\n"
        "1: subq $8, %rsp\ncall *%rsi\naddq $8, %rsp\nmovq %rbx, %rbp\npopq %rbx\npopq %rbp\nret\n"
        ".size memo_without_info, .-memo_without_info");

START_TEST(guessed_and_truncated_stacks) {
    for (uintptr_t i = 0; i < 100; i++) {
        memo_without_info(i % 2, leaf);
        memo_without_info(i % 3 ? 0 : 8, other_leaf);
        recurse((int)(i % 4), false);
    }
    ck_assert_uint_ge(thread->wire.truncated_stacks, 50);
    check_all_equal(300);
}
END_TEST

// ---- programs at random ----

static uint64_t random_state;
static uint64_t walks_left;

static uint32_t pick(uint32_t below) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % below;
}

static void descend(int depth);

SHAPE void in_array(int depth) {
    volatile char array[16 + 32 * pick(8)];
    array[0] = 1;
    descend(depth);
    sink = array[0];
}

typedef int vector __attribute__((vector_size(32)));

SHAPE void use_vector(vector *v, int depth) {
    (*v)[0] = depth;
    descend(depth);
    KEEP_FRAME();
}

__attribute__((noinline, force_align_arg_pointer)) static void realigned(int depth) {
    vector v = {depth};
    *(volatile char *)alloca(16 + 16 * pick(4)) = 1;
    use_vector(&v, depth);
    sink = v[1];
}

static int random_depth;

static uint32_t descend_there(void) {
    descend(random_depth);
    return 0;
}

static int compare_numbers(const void *a, const void *b) {
    if (pick(4) == 0)
        leaf();
    return *(const int *)a - *(const int *)b;
}

SHAPE void through_libc(void) {
    int numbers[] = {5, 3, 9, 1, 4};
    qsort(numbers, 5, sizeof *numbers, compare_numbers);
    sink = numbers[0];
}

// Each call is a site of its own; most walks share most of the stack with the one before.
SHAPE void branch(int depth) {
    random_depth = depth;
    switch (pick(8)) {
    case 0:
        descend(depth);
        break;
    case 1:
        in_array(depth);
        break;
    case 2:
        realigned(depth);
        break;
    case 3:
        memo_call_with_fp(pick(2) ? 0 : pick(100) * 8, descend_there);
        break;
    case 4:
        memo_frame_by_fp(descend_there, pick(6));
        break;
    case 5:
        if (pick(40) == 0)
            raise(pick(2) ? SIGUSR1 : SIGUSR2);
        descend(depth);
        break;
    case 6:
        if (pick(40) == 0)
            memo_without_info(pick(2), descend_there);
        else
            through_libc();
        break;
    default:
        descend(depth);
        descend(depth);
    }
    KEEP_FRAME();
}

SHAPE void descend(int depth) {
    if (captures >= walks_left)
        return;
    if (pick(2))
        leaf();
    if (depth > 0)
        branch(depth - 1);
    if (pick(2))
        capture();
    KEEP_FRAME();
}

START_TEST(programs_at_random) {
    const char *wanted = getenv("SEEP_MEMO_WALKS");
    walks_left = wanted ? strtoull(wanted, NULL, 0) : DEFAULT_WALKS;
    have_alternate_stack();
    catch_signal(SIGUSR1, 0);
    catch_signal(SIGUSR2, SA_ONSTACK);
    for (random_state = 1; captures < walks_left && !different;)
        descend(5 + (int)pick(40));
    check_all_equal(walks_left);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_set_timeout(tests, 900);
    tcase_add_test(tests, the_same_stack_has_the_same_number);
    tcase_add_test(tests, what_did_not_change_is_not_walked_again);
    tcase_add_test(tests, inner_and_middle_frames_change);
    tcase_add_test(tests, only_the_frame_pointer_changes);
    tcase_add_test(tests, recursion_grows_and_shrinks);
    tcase_add_test(tests, stacks_deeper_than_the_memo);
    tcase_add_test(tests, frames_beyond_the_depth_are_left_out);
    tcase_add_test(tests, after_longjmp);
    tcase_add_test(tests, handlers_on_both_kinds_of_stack);
    if (!FIXTURE_SANITIZED_THREADS) // which delays signals
        tcase_add_test(tests, interrupted_frames);
    tcase_add_test(tests, fibers_take_turns);
    tcase_add_test(tests, a_return_address_of_0_is_an_end_only_while_it_is_0);
    tcase_add_test(tests, guessed_and_truncated_stacks);
    tcase_add_test(tests, programs_at_random);
}
SEEP_TEST_MAIN("stack_memo")
