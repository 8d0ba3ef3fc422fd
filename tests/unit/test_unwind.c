// The walk over ordinary and less ordinary code equals libunwind's own walk, frame by frame.
// links: preload/unwind.c preload/unwind_step.c preload/unwind_learn.c preload/unwind_objects.c
// links: preload/go_modules.c preload/go_rules.c preload/unwind_go.c
// links: preload/unwind_gate.c preload/derive.c preload/frame_rules.c
// flags: -pthread

#include "tests/unit/unwind_fixture.h"

#include "preload/unwind_gate.h"
#include "tests/lib/suite.h"

#include <alloca.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <ucontext.h>

static volatile int sink;

#define KEEP_FRAME() __asm__ volatile("" ::: "memory")

__attribute__((noinline)) static void check_leaf(void) {
    CHECK_STACK();
}

__attribute__((noinline)) static void recurse(int depth) {
    if (depth == 0)
        check_leaf();
    else
        recurse(depth - 1);
    KEEP_FRAME();
}

START_TEST(recursion) {
    recurse(1);
    recurse(200);
}
END_TEST

__attribute__((noinline)) static void with_array(int words, int depth) {
    volatile int array[words];
    array[0] = depth;
    char *more = alloca((size_t)words * 3);
    *(volatile char *)more = 1;
    if (depth > 0)
        with_array(words * 2, depth - 1);
    else
        check_leaf();
    sink = array[0];
}

START_TEST(frames_of_variable_size) {
    with_array(3, 10);
}
END_TEST

__attribute__((noinline)) static void large_frame(void) {
    volatile char large[3 << 20];
    large[0] = 1;
    check_leaf();
    sink = large[0];
}

START_TEST(a_frame_of_megabytes) {
    large_frame();
}
END_TEST

static int compare_numbers(const void *a, const void *b) {
    if (fixture_checks < 3)
        check_leaf();
    return *(const int *)a - *(const int *)b;
}

START_TEST(callbacks_from_libc) {
    int numbers[] = {5, 3, 9, 1, 4};
    qsort(numbers, 5, sizeof *numbers, compare_numbers);
    ck_assert_int_eq(fixture_checks, 3);
    fixture_checks = 2;
    int key = 4;
    ck_assert_ptr_nonnull(bsearch(&key, numbers, 5, sizeof *numbers, compare_numbers));
    ck_assert_int_eq(fixture_checks, 3);
}
END_TEST

static jmp_buf back;

__attribute__((noinline)) static void jump_from(int depth) {
    if (depth > 0)
        jump_from(depth - 1);
    else
        check_leaf();
    KEEP_FRAME();
    if (!sink)
        longjmp(back, 1);
}

START_TEST(after_longjmp) {
    sink = 0;
    for (int i = 0; i < 3; i++) {
        if (setjmp(back) == 0)
            jump_from(10);
        CHECK_STACK();
    }
}
END_TEST

static void *thread_body(void *argument) {
    recurse(*(int *)argument);
    return NULL;
}

START_TEST(a_thread_is_walked_to_its_start) {
    pthread_t thread;
    int depth = 5;
    ck_assert_int_eq(pthread_create(&thread, NULL, thread_body, &depth), 0);
    pthread_join(thread, NULL);
    ck_assert_int_eq(fixture_checks, 1);
}
END_TEST

static ucontext_t fiber, outside;

static void fiber_body(void) {
    fixture_walk_only(&fixture_result);
    swapcontext(&fiber, &outside);
    recurse(3);
}

// libunwind's own walk says less here: makecontext's return address is a function's first byte.
START_TEST(a_fiber_is_walked_to_its_start) {
    static char stack[64 * 1024];
    getcontext(&fiber);
    fiber.uc_stack.ss_sp = stack;
    fiber.uc_stack.ss_size = sizeof stack;
    fiber.uc_link = &outside;
    makecontext(&fiber, fiber_body, 0);
    swapcontext(&outside, &fiber);
    if (fixture_result.walk.truncated)
        fixture_print(&fixture_result);
    ck_assert(!fixture_result.walk.truncated);
    ck_assert_uint_le(fixture_result.walk.count, 2);
    ck_assert_uint_ge(fixture_result.walk.count, 1);
    CHECK_STACK();
}
END_TEST

typedef int vector __attribute__((vector_size(32)));

__attribute__((noinline)) static void take_vectors(vector *vectors, void *space) {
    *(volatile int *)space = (*vectors)[0];
    ck_assert_uint_eq((uintptr_t)vectors % 32, 0);
    check_leaf();
}

// With alloca, gcc finds the frame through a saved pointer: the CFA is a word in memory.
__attribute__((noinline, force_align_arg_pointer)) static void realigned(int bytes) {
    vector vectors = {bytes};
    take_vectors(&vectors, alloca((size_t)bytes));
    sink = vectors[1];
}

START_TEST(realigned_frames) {
    realigned(100);
    recurse(1);
    realigned(1000);
}
END_TEST

__attribute__((noinline, noreturn)) static void never_returns(void) {
    check_leaf();
    longjmp(back, 1);
}

// The call is the last instruction: its return address lies in the next function.
__attribute__((noinline, noreturn)) static void ends_with_call(int depth) {
    KEEP_FRAME();
    sink = depth;
    never_returns();
}

START_TEST(a_call_at_the_end_of_its_function) {
    if (setjmp(back) == 0)
        ends_with_call(1);
    ck_assert_int_eq(fixture_checks, 1);
}
END_TEST

START_TEST(a_vforked_child_walks) {
    pid_t child = vfork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        fixture_walk_only(&fixture_result);
        _exit(fixture_result.walk.truncated || fixture_result.walk.count < 3);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    CHECK_STACK();
}
END_TEST

static struct walked_frame few[256];
static struct walk few_walk;

__attribute__((noinline)) static void walk_few(void) {
    struct frame_state start = FIXTURE_CALLER();
    few_walk = (struct walk){.frames = few, .limit = 256};
    unwind_walk(&start, &few_walk);
}

__attribute__((noinline)) static void recurse_deep(int depth) {
    if (depth > 0) {
        recurse_deep(depth - 1);
        KEEP_FRAME();
        return;
    }
    walk_few();
    fixture_walk_only(&fixture_result);
}

START_TEST(innermost_and_outermost_frames_are_kept) {
    recurse_deep(10000);
    ck_assert(!fixture_result.walk.elided);
    ck_assert_uint_gt(fixture_result.walk.count, 10000);
    ck_assert(few_walk.elided && !few_walk.truncated);
    ck_assert_uint_eq(few_walk.count, 256);
    ck_assert_uint_eq(few_walk.elided_at, 128);
    // The two walks were called from two lines of the same function, so their first frames differ.
    for (size_t i = 1; i < 128; i++)
        ck_assert_uint_eq(few[i].pc, fixture_result.frames[i].pc);
    for (size_t i = 0; i < 128; i++)
        ck_assert_uint_eq(few[128 + i].pc, fixture_result.frames[fixture_result.walk.count - 128 + i].pc);
}
END_TEST

START_TEST(errno_is_left_alone) {
    for (int i = 0; i < 100; i++) {
        errno = 4711 + i;
        fixture_walk_only(&fixture_result);
        ck_assert_int_eq(errno, 4711 + i);
    }
}
END_TEST

START_TEST(the_gate_keeps_signals_out_and_gives_back_what_it_changed) {
    struct gate_visit visit, again;
    sigset_t before, within, after;
    sigemptyset(&before);
    sigaddset(&before, SIGUSR2);
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = 4711;
    ck_assert_int_eq(gate_enter(&visit), 0);
    int nested = gate_enter(&again); // as a hook that libunwind ran into would
    errno = EINVAL;
    sigprocmask(SIG_SETMASK, NULL, &within);
    gate_leave(&visit);
    int left = errno;
    sigprocmask(SIG_SETMASK, NULL, &after);
    ck_assert_int_eq(nested, -EDEADLK);
    ck_assert_int_eq(left, 4711);
    ck_assert(sigismember(&within, SIGALRM) && sigismember(&within, SIGSEGV) &&
              sigismember(&within, SIGUSR2));
    ck_assert(!sigismember(&after, SIGALRM) && !sigismember(&after, SIGSEGV) && sigismember(&after, SIGUSR2));
}
END_TEST

static void *walk_many(void *argument) {
    size_t *count = argument;
    for (int i = 0; i < 100; i++) {
        struct walked_frame frames[64];
        struct frame_state start = FIXTURE_CALLER();
        struct walk walk = {.frames = frames, .limit = 64};
        unwind_walk(&start, &walk);
        *count += walk.truncated;
    }
    return NULL;
}

START_TEST(a_thread_walks_while_another_forks) {
    for (int i = 0; i < 50; i++) {
        pthread_t thread;
        size_t truncated = 0;
        pthread_create(&thread, NULL, walk_many, &truncated);
        unwind_before_fork();
        // What atfork handlers allocate is walked too.
        fixture_walk_only(&fixture_result);
        pid_t child = fork();
        unwind_after_fork();
        if (child == 0) {
            fixture_walk_only(&fixture_result);
            _exit(fixture_result.walk.truncated);
        }
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
        pthread_join(thread, NULL);
        ck_assert_uint_eq(truncated, 0);
    }
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, fixture_load, NULL);
    tcase_add_test(tests, recursion);
    tcase_add_test(tests, frames_of_variable_size);
    tcase_add_test(tests, a_frame_of_megabytes);
    tcase_add_test(tests, callbacks_from_libc);
    tcase_add_test(tests, after_longjmp);
    tcase_add_test(tests, a_thread_is_walked_to_its_start);
    tcase_add_test(tests, a_fiber_is_walked_to_its_start);
    tcase_add_test(tests, realigned_frames);
    tcase_add_test(tests, a_call_at_the_end_of_its_function);
    tcase_add_test(tests, a_vforked_child_walks);
    tcase_add_test(tests, innermost_and_outermost_frames_are_kept);
    tcase_add_test(tests, errno_is_left_alone);
    tcase_add_test(tests, the_gate_keeps_signals_out_and_gives_back_what_it_changed);
    if (!FIXTURE_SANITIZED_THREADS)
        tcase_add_test(tests, a_thread_walks_while_another_forks);
}
SEEP_TEST_MAIN("unwind")
