// Threads walk while libraries come and go and the process forks: nothing hangs or is cut short.
// links: preload/unwind.c preload/unwind_step.c preload/unwind_learn.c preload/unwind_objects.c
// links: preload/go_modules.c preload/go_rules.c preload/unwind_go.c
// links: preload/unwind_gate.c preload/derive.c preload/frame_rules.c
// flags: -pthread

#include "tests/unit/pest.h"
#include "tests/unit/unwind_fixture.h"

#include "preload/frame_rules.h"
#include "preload/wire/atomic.h"
#include "tests/lib/suite.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { WALKERS = 4, LIMIT = 64, LOADS = 150, FORKS = 150, MAX_DEPTH = 40 };

static uint64_t walks, cut_short, wrong_depth, done;

struct walker {
    uint64_t random;
    int depth; // frames of descend that should be seen
};

static uint32_t pick(struct walker *walker, uint32_t below) {
    walker->random = walker->random * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(walker->random >> 33) % below;
}

__attribute__((noinline)) static void walk_at(struct walker *walker) {
    struct walked_frame frames[LIMIT];
    struct walk walk = {.frames = frames, .limit = LIMIT};
    struct frame_state start = FIXTURE_CALLER();
    unwind_walk(&start, &walk);
    atomic_add_relaxed(&walks, 1); // a statistic
    if (walk.truncated)
        atomic_add_relaxed(&cut_short, 1); // likewise
    if ((int)walk.count < walker->depth)
        atomic_add_relaxed(&wrong_depth, 1); // likewise
}

__attribute__((noinline)) static void descend(struct walker *walker, int depth) {
    volatile char frame[16 + 48 * pick(walker, 8)];
    frame[0] = (char)depth;
    if (depth > 0)
        descend(walker, depth - 1);
    else
        walk_at(walker);
    (void)frame[0];
}

static void *walk_on(void *argument) {
    struct walker walker = {.random = (uintptr_t)argument};
    while (!atomic_load_acquire(&done)) {
        walker.depth = (int)pick(&walker, MAX_DEPTH);
        descend(&walker, walker.depth);
    }
    return NULL;
}

// A walker of its own for callbacks out of libraries.
static void walk_in_library(void) {
    struct walker walker = {.random = 1, .depth = 3};
    descend(&walker, 3);
}

static void load_and_unload(const char *name) {
    void *library = fixture_open(name);
    int (*call_back)(void (*)(void));
    *(void **)&call_back = dlsym(library, "call_back");
    call_back(walk_in_library);
    dlclose(library);
    unwind_forget_unloaded();
}

static void *load_on(void *unused) {
    (void)unused;
    for (int i = 0; i < LOADS; i++)
        load_and_unload(i % 2 ? "stack_first.so" : "stack_second.so");
    return NULL;
}

// A child has the forking thread only; it derives rules of its own, so it must get through the gate.
static int walk_in_child(void) {
    frame_rules_remove(0, UINTPTR_MAX);
    walks = cut_short = wrong_depth = 0;
    struct walker walker = {.random = 7};
    for (int depth = 0; depth < MAX_DEPTH; depth++) {
        walker.depth = depth;
        descend(&walker, depth);
    }
    return walks != MAX_DEPTH || cut_short || wrong_depth;
}

static void *fork_on(void *failed) {
    for (int i = 0; i < FORKS; i++) {
        unwind_before_fork();
        pid_t child = fork();
        unwind_after_fork();
        if (child == 0)
            _exit(walk_in_child());
        int status = -1;
        if (waitpid(child, &status, 0) != child || status != 0)
            ++*(int *)failed;
    }
    return NULL;
}

static uint64_t handler_walks, handler_wrong;

// What it interrupts may be code without unwind information: libraries' _init. So the walk may be cut short,
// but not before it.
static void on_timer(int signal) {
    (void)signal;
    struct walked_frame frames[LIMIT];
    struct walk walk = {.frames = frames, .limit = LIMIT};
    struct frame_state start = FIXTURE_CALLER();
    unwind_walk(&start, &walk);
    handler_walks++;
    handler_wrong += walk.count < 2 || !(frames[1].flags & STACK_EXACT_PC);
}

START_TEST(walks_loads_and_forks_at_once) {
    pthread_t walkers[WALKERS], loader, forker;
    int failed = 0;
    for (uintptr_t i = 0; i < WALKERS; i++)
        ck_assert_int_eq(pthread_create(&walkers[i], NULL, walk_on, (void *)(i + 1)), 0);
    ck_assert_int_eq(pthread_create(&loader, NULL, load_on, NULL), 0);
    ck_assert_int_eq(pthread_create(&forker, NULL, fork_on, &failed), 0);
    pthread_join(loader, NULL);
    pthread_join(forker, NULL);
    atomic_store_release(&done, 1);
    for (int i = 0; i < WALKERS; i++)
        pthread_join(walkers[i], NULL);
    ck_assert_int_eq(failed, 0);
    ck_assert_uint_ge(walks, LOADS);
    ck_assert_uint_eq(cut_short, 0);
    ck_assert_uint_eq(wrong_depth, 0);
}
END_TEST

// A timer interrupts walks and derivations; its handler walks as well.
START_TEST(handlers_interrupt_walks) {
    struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    struct pest pest;
    ck_assert_int_eq(pest_start(&pest, SIGALRM, 50000), 0);
    struct walker walker = {.random = 5};
    for (int i = 0; i < 3000; i++) {
        pest_wind_up(&pest);
        if (i % 100 == 0)
            load_and_unload(i % 200 ? "stack_first.so" : "stack_second.so");
        walker.depth = (int)pick(&walker, MAX_DEPTH);
        descend(&walker, walker.depth);
    }
    pest_stop(&pest);
    ck_assert_uint_ge(walks, 3000);
    ck_assert_uint_gt(handler_walks, 0);
    ck_assert_uint_eq(handler_wrong, 0);
    ck_assert_uint_eq(cut_short, 0);
    ck_assert_uint_eq(wrong_depth, 0);
}
END_TEST

// A child made behind libc's back is born with a gate that another thread of its parent held. It must not
// wait for ever.
static void *hold_gate(void *argument) {
    int *pipes = argument;
    unwind_before_fork();
    char byte = 0;
    ck_assert_int_eq(write(pipes[1], &byte, 1), 1);
    ck_assert_int_eq(read(pipes[2], &byte, 1), 1);
    unwind_after_fork();
    return NULL;
}

START_TEST(a_gate_that_nobody_will_open_is_given_up) {
    int pipes[4];
    char byte = 0;
    pthread_t holder;
    ck_assert_int_eq(pipe(pipes), 0);
    ck_assert_int_eq(pipe(pipes + 2), 0);
    ck_assert_int_eq(pthread_create(&holder, NULL, hold_gate, pipes), 0);
    ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
    pid_t child = (pid_t)syscall(SYS_fork);
    if (child == 0) {
        walk_in_child();
        _exit(walks == MAX_DEPTH && cut_short == MAX_DEPTH ? 42 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(WEXITSTATUS(status), 42);
    ck_assert_int_eq(write(pipes[3], &byte, 1), 1);
    pthread_join(holder, NULL);
    walk_in_library();
    ck_assert_uint_eq(cut_short, 0);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, fixture_load, NULL);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, walks_loads_and_forks_at_once);
    if (!FIXTURE_SANITIZED_THREADS)
        tcase_add_test(tests, handlers_interrupt_walks);
    tcase_add_test(tests, a_gate_that_nobody_will_open_is_given_up);
}
SEEP_TEST_MAIN("unwind stress")
