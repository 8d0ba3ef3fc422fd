// Walks out of signal handlers: through the signal's frame, across stacks, from any instruction.
// links: preload/unwind.c preload/unwind_step.c preload/unwind_learn.c preload/unwind_objects.c
// links: preload/go_modules.c preload/go_rules.c preload/unwind_go.c
// links: preload/unwind_gate.c preload/derive.c preload/frame_rules.c
// flags: -pthread

#include "tests/lib/suite.h"
#include "tests/unit/unwind_fixture.h"

#include <alloca.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>

static volatile int sink;

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    ck_assert_int_eq(sigaction(signal, &action, NULL), 0);
}

static void use_stack(void *stack, size_t bytes) {
    stack_t alternate = {.ss_sp = stack, .ss_size = bytes};
    ck_assert_int_eq(sigaltstack(&alternate, NULL), 0);
}

static size_t exact_frames(void) {
    size_t count = 0;
    for (size_t i = 0; i < fixture_result.walk.count; i++)
        count += (fixture_result.frames[i].flags & STACK_EXACT_PC) != 0;
    return count;
}

static uintptr_t interrupted_at(void *context) {
    return (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
}

static void on_signal(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    CHECK_STACK();
    ck_assert_uint_ge(exact_frames(), 1);
    bool found = false;
    for (size_t i = 0; i < fixture_result.walk.count; i++)
        found |= fixture_result.frames[i].pc == interrupted_at(context) &&
                 fixture_result.frames[i].flags & STACK_EXACT_PC;
    ck_assert_msg(found, "the interrupted instruction is not among the frames");
}

// Interrupted without having touched its stack.
__attribute__((noinline)) static void leaf(void) {
    __asm__ volatile("int3");
}

__attribute__((noinline)) static void leaf_in_array(int words) {
    volatile int array[words];
    array[0] = 1;
    leaf();
    __asm__ volatile("int3");
    sink = array[0];
}

START_TEST(handler_on_the_same_stack) {
    handle(SIGTRAP, on_signal, 0);
    leaf();
    leaf_in_array(50);
    ck_assert_int_eq(fixture_checks, 3);
}
END_TEST

START_TEST(handler_on_an_alternate_stack) {
    static char stack[64 * 1024];
    use_stack(stack, sizeof stack);
    handle(SIGTRAP, on_signal, SA_ONSTACK);
    leaf();
    leaf_in_array(50);
    ck_assert_int_eq(fixture_checks, 3);
}
END_TEST

static void on_outer_signal(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info, (void)context;
    raise(SIGUSR2);
}

// From the alternate stack of one handler to the same stack of the next, and back to the thread's.
START_TEST(handler_interrupted_by_a_handler) {
    static char stack[64 * 1024];
    use_stack(stack, sizeof stack);
    handle(SIGUSR1, on_outer_signal, SA_ONSTACK);
    handle(SIGUSR2, on_signal, 0);
    raise(SIGUSR1);
    ck_assert_int_eq(fixture_checks, 1);
    ck_assert_uint_eq(exact_frames(), 2);
    handle(SIGUSR1, on_outer_signal, 0);
    handle(SIGUSR2, on_signal, SA_ONSTACK);
    raise(SIGUSR1);
    ck_assert_int_eq(fixture_checks, 2);
}
END_TEST

static jmp_buf back;

static void on_bad_call(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info, (void)context;
    fixture_walk_only(&fixture_result);
    siglongjmp(back, 1);
}

static void (*volatile no_function)(void);

__attribute__((noinline)) static void call_nowhere(void) {
    no_function();
    sink++;
}

START_TEST(a_call_through_a_null_pointer) {
    handle(SIGSEGV, on_bad_call, 0);
    if (sigsetjmp(back, 1) == 0)
        call_nowhere();
    const struct walk *walk = &fixture_result.walk;
    ck_assert(!walk->truncated);
    size_t at = 0;
    while (at < walk->count && walk->frames[at].pc != 0)
        at++;
    ck_assert_uint_lt(at + 2, walk->count);
    ck_assert_uint_eq(walk->frames[at].flags, STACK_EXACT_PC);
    uintptr_t caller = walk->frames[at + 1].pc - (uintptr_t)call_nowhere;
    ck_assert_uint_lt(caller, 64);
    CHECK_STACK();
}
END_TEST

// ---- how much stack a walk takes ----

enum { CANARY = 0x5a, OWN_FRAME = 64 };
static char small_stack[32 * 1024] __attribute__((aligned(64)));
static volatile size_t used[2];

// Bytes below this function's frame that the walk wrote to.
__attribute__((noinline)) static size_t walk_and_measure(void) {
    volatile char *end = (char *)__builtin_frame_address(0) - OWN_FRAME;
    for (volatile char *at = small_stack; at < end; at++)
        *at = CANARY;
    fixture_walk_only(&fixture_result);
    volatile char *low = small_stack;
    while (*low == CANARY)
        low++;
    return (size_t)(end - low);
}

static void on_measure(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info, (void)context;
    static volatile int rounds = 2; // from the same place: the second time all rules are known
    for (int i = 0; i < rounds; i++)
        used[i] = walk_and_measure();
}

START_TEST(a_walk_takes_little_stack) {
    use_stack(small_stack, sizeof small_stack);
    handle(SIGUSR1, on_measure, SA_ONSTACK);
    raise(SIGUSR1);
    ck_assert(!fixture_result.walk.truncated);
    fprintf(stderr, "stack taken by a walk: %zu bytes, %zu when rules are derived\n", used[1], used[0]);
    ck_assert_uint_gt(used[1], 0);
    if (FIXTURE_SANITIZED)
        return;
    ck_assert_uint_le(used[1], 360); // the function that calls it included
    ck_assert_uint_le(used[0], 768);
}
END_TEST

// ---- every instruction ----

static volatile int steps, differing;

static void on_step(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    fixture_walk_both(&fixture_result);
    steps++;
    // Where libunwind's own walk does not reach the start of the thread there is nothing to compare with.
    if (fixture_result.reference_end != 0 || fixture_is_exact(&fixture_result))
        return;
    if (differing++ < 3) {
        fprintf(stderr, "interrupted at %lx:\n", interrupted_at(context));
        fixture_print(&fixture_result);
    }
}

// The compiler does not know that the stack pointer moves: with a frame pointer its unwind information holds
// nevertheless.
__attribute__((noinline)) static void single_step(bool on) {
    __asm__ volatile("" ::"r"(__builtin_frame_address(0)));
    if (on)
        __asm__ volatile("sub $128, %%rsp; pushfq; orq $0x100, (%%rsp); popfq; add $128, %%rsp" ::
                             : "cc", "memory");
    else
        __asm__ volatile("sub $128, %%rsp; pushfq; andq $~0x100, (%%rsp); popfq; add $128, %%rsp" ::
                             : "cc", "memory");
}

static int compare_numbers(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

__attribute__((noinline)) static int with_array(int words) {
    volatile int array[words];
    array[0] = words;
    memset(alloca((size_t)words * 3), words, (size_t)words * 3);
    return array[0];
}

__attribute__((noinline)) static double much_code(int n) {
    int numbers[] = {3, n, 2};
    char text[64];
    qsort(numbers, 3, sizeof *numbers, compare_numbers);
    snprintf(text, sizeof text, "%d %s %x", n, "text",
             numbers[1]); // bound on first call: the loader's code as well
    char *end;
    return strtod(text, &end) + with_array(numbers[0] + 5);
}

static void step_through(int flags) {
    handle(SIGTRAP, on_step, flags);
    single_step(true);
    sink = (int)much_code(7);
    single_step(false);
    ck_assert_int_gt(steps, 500);
    ck_assert_int_eq(differing, 0);
}

START_TEST(every_instruction_may_be_interrupted) {
    step_through(0);
}
END_TEST

START_TEST(every_instruction_may_be_interrupted_onto_another_stack) {
    static char stack[256 * 1024];
    use_stack(stack, sizeof stack);
    step_through(SA_ONSTACK);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, fixture_load, NULL);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, handler_on_the_same_stack);
    tcase_add_test(tests, handler_on_an_alternate_stack);
    tcase_add_test(tests, handler_interrupted_by_a_handler);
    tcase_add_test(tests, a_call_through_a_null_pointer);
    tcase_add_test(tests, a_walk_takes_little_stack);
    tcase_add_test(tests, every_instruction_may_be_interrupted);
    tcase_add_test(tests, every_instruction_may_be_interrupted_onto_another_stack);
}
SEEP_TEST_MAIN("unwind signals")
