// Walks through libraries that come and go, the loader, C++ exceptions, and code no unwinder knows.
// links: preload/unwind.c preload/unwind_step.c preload/unwind_learn.c preload/unwind_objects.c
// links: preload/go_modules.c preload/go_rules.c preload/unwind_go.c
// links: preload/unwind_gate.c preload/derive.c preload/frame_rules.c
// flags: -pthread -rdynamic

#include "tests/unit/unwind_fixture.h"

#include "preload/frame_rules.h"
#include "tests/lib/suite.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>

static volatile int sink;

// ---- libraries ----

typedef int call_back_function(void (*callback)(void));

static void check_here(void) {
    CHECK_STACK();
}

static call_back_function *open_library(const char *name, void **library) {
    *library = fixture_open(name);
    call_back_function *call_back = (call_back_function *)dlsym(*library, "call_back");
    ck_assert_ptr_nonnull(call_back);
    return call_back;
}

START_TEST(rules_of_an_unloaded_library_are_forgotten) {
    void *library;
    call_back_function *first = open_library("stack_first.so", &library);
    size_t before = frame_rules_count();
    first(check_here);
    ck_assert_uint_ge(frame_rules_count(), before + 2);
    size_t loaded = frame_rules_count();
    unwind_forget_unloaded();
    ck_assert_uint_eq(frame_rules_count(), loaded); // nothing is gone yet
    dlclose(library);
    unwind_forget_unloaded();
    ck_assert_uint_eq(frame_rules_count(), loaded - 2);

    call_back_function *second = open_library("stack_second.so", &library);
    ck_assert_ptr_eq(first, second); // else this test proves nothing
    second(check_here);
    ck_assert_int_eq(fixture_checks, 2);
}
END_TEST

START_TEST(a_library_that_took_anothers_place_is_noticed) {
    void *library;
    call_back_function *first = open_library("stack_first.so", &library);
    first(check_here);
    dlclose(library);
    call_back_function *second = open_library("stack_second.so", &library);
    ck_assert_ptr_eq(first, second);
    unwind_forget_unloaded();
    second(check_here);
    dlclose(library);
    first = open_library("stack_first.so", &library);
    ck_assert_ptr_eq(first, second);
    unwind_forget_unloaded();
    first(check_here);
    ck_assert_int_eq(fixture_checks, 3);
}
END_TEST

static bool constructors_check;

__attribute__((visibility("default"))) void library_is_loaded(void);

START_TEST(a_constructor_run_by_dlopen) {
    void *library;
    constructors_check = true;
    open_library("stack_first.so", &library);
    constructors_check = false;
    ck_assert_int_eq(fixture_checks, 1);
    ck_assert_uint_gt(fixture_result.walk.count, 8);
}
END_TEST

// Before main: the program starts itself with the library preloaded, so that the loader calls the library's
// constructor.
void library_is_loaded(void) {
    if (getenv("SEEP_TEST_PRELOADED")) {
        unsetenv("SEEP_TEST_PRELOADED");
        if (unwind_load() != 0)
            _exit(2);
        fixture_walk_only(&fixture_result);
        bool guessed = false;
        for (size_t i = 0; i < fixture_result.walk.count; i++)
            guessed |= fixture_result.frames[i].flags != 0;
        bool complete = !fixture_result.walk.truncated && !guessed && fixture_result.walk.count >= 4;
        if (!complete)
            fixture_print(&fixture_result);
        _exit(!complete);
    }
    if (constructors_check)
        CHECK_STACK();
}

#if !FIXTURE_SANITIZED

START_TEST(a_constructor_run_before_main) {
    void *library;
    Dl_info info;
    call_back_function *first = open_library("stack_first.so", &library);
    ck_assert_int_ne(dladdr((void *)first, &info), 0);
    pid_t child = fork();
    if (child == 0) {
        setenv("LD_PRELOAD", info.dli_fname, 1);
        setenv("SEEP_TEST_PRELOADED", "1", 1);
        execl("/proc/self/exe", "test_unwind_libraries", (char *)NULL);
        _exit(127);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

// ---- malloc, as the loader and the C++ runtime call it ----

extern void *__libc_malloc(size_t bytes);
static bool malloc_checks;

__attribute__((visibility("default"))) void *malloc(size_t bytes) {
    void *block = __libc_malloc(bytes);
    if (malloc_checks) {
        malloc_checks = false;
        CHECK_STACK();
        malloc_checks = true;
    }
    return block;
}

START_TEST(the_loader_allocates) {
    void *library;
    malloc_checks = true;
    open_library("stack_first.so", &library);
    dlclose(library);
    malloc_checks = false;
    ck_assert_int_ge(fixture_checks, 3);
}
END_TEST

#endif

static void check_and_allocate(void) {
    CHECK_STACK();
    void *volatile block = malloc(10); // volatile, or the compiler leaves both calls out
    free(block);
}

START_TEST(exceptions_in_flight) {
    void *library = fixture_open("stack_throw.so");
    int (*throw_and_catch)(void (*)(void));
    *(void **)&throw_and_catch = dlsym(library, "throw_and_catch");
    ck_assert_ptr_nonnull(throw_and_catch);
#if !FIXTURE_SANITIZED
    malloc_checks = true;
    ck_assert_int_eq(throw_and_catch(check_and_allocate), 't');
    malloc_checks = false;
    ck_assert_int_ge(fixture_checks, 6 * 2 + 2); // 4 destructors, 2 catch blocks; the exception and its text
#else
    ck_assert_int_eq(throw_and_catch(check_and_allocate), 't');
    ck_assert_int_eq(fixture_checks, 6);
#endif
}
END_TEST

// ---- no unwind information ----

// Calls back from a frame with and without frame pointer; nothing tells unwinders how.
void with_frame_pointer(void (*callback)(void));
void without_frame_pointer(void (*callback)(void));
__asm__(".text\n"
        ".type with_frame_pointer, @function\n"
        "nop; nop\n"
        "with_frame_pointer:\n"
        "  push %rbp\n"
        "  mov %rsp, %rbp\n"
        "  sub $48, %rsp\n"
        "  call *%rdi\n"
        "  leave\n"
        "  ret\n"
        ".type without_frame_pointer, @function\n"
        "without_frame_pointer:\n"
        "  sub $40, %rsp\n"
        "  call *%rdi\n"
        "  add $40, %rsp\n"
        "  ret\n"
        "nop; nop\n");

static struct fixture_walk outside_walk;

static void walk_here(void) {
    fixture_walk_only(&fixture_result);
    sink = 0;
}

// All in one function, so that the walk from outside tells what must lie beyond the frame in question.
__attribute__((noinline)) static void walk_through(void (*function)(void (*)(void))) {
    function(walk_here);
    fixture_walk_only(&outside_walk);
    sink = 0;
}

static bool same_beyond(size_t inner, size_t outer) {
    bool same = fixture_result.walk.count - inner == outside_walk.walk.count - outer;
    for (; same && inner < fixture_result.walk.count; inner++, outer++)
        same = fixture_result.frames[inner].pc == outside_walk.frames[outer].pc;
    return same;
}

START_TEST(a_frame_pointer_leads_on) {
    walk_through(with_frame_pointer);
    ck_assert(!fixture_result.walk.truncated);
    ck_assert_uint_eq(fixture_result.frames[0].flags, 0);
    ck_assert_uint_eq(fixture_result.frames[1].flags, STACK_GUESSED);
    ck_assert_uint_eq(fixture_result.frames[2].flags, 0);
    ck_assert(same_beyond(3, 1));
}
END_TEST

// Whatever the frame pointer register holds: it is said that the rest is a guess, or that there is none.
START_TEST(without_frame_pointer_nothing_is_claimed) {
    walk_through(without_frame_pointer);
    const struct walk *walk = &fixture_result.walk;
    ck_assert_uint_ge(walk->count, 2);
    ck_assert_uint_eq(walk->frames[0].flags, 0);
    ck_assert((walk->truncated && walk->count == 2) || walk->frames[1].flags == STACK_GUESSED);
}
END_TEST

static uintptr_t wild_pointer;

// Calls without_frame_pointer with any word as frame pointer.
void with_wild_pointer(void (*callback)(void), uintptr_t pointer);
__asm__(".text\n"
        ".type with_wild_pointer, @function\n"
        "with_wild_pointer:\n"
        "  push %rbp\n"
        "  mov %rsi, %rbp\n"
        "  call *%rdi\n"
        "  pop %rbp\n"
        "  ret\n");

static void walk_wild(void) {
    with_wild_pointer(walk_here, wild_pointer);
}

START_TEST(a_wild_frame_pointer_does_no_harm) {
    char *hole = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uintptr_t here = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)15;
    uintptr_t wild[] = {0,
                        1,
                        8,
                        here - 4096,
                        here + 1,
                        here + (1 << 20),
                        here + 8,
                        ~0ul - 15,
                        ~0ul - 7,
                        (uintptr_t)hole,
                        ~0ul,
                        0x7ffffffff000,
                        1ul << 63,
                        (uintptr_t)&wild_pointer,
                        here + (64 << 20)};
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        wild_pointer = wild[i];
        walk_wild();
        ck_assert_uint_ge(fixture_result.walk.count, 2);
        ck_assert(fixture_result.walk.truncated || fixture_result.frames[1].flags == STACK_GUESSED);
    }
}
END_TEST

static ucontext_t fiber, outside;

static void fiber_body(void) {
    with_frame_pointer(walk_here);
}

START_TEST(nothing_is_guessed_on_a_fiber) {
    static char stack[64 * 1024];
    getcontext(&fiber);
    fiber.uc_stack.ss_sp = stack;
    fiber.uc_stack.ss_size = sizeof stack;
    fiber.uc_link = &outside;
    makecontext(&fiber, fiber_body, 0);
    swapcontext(&outside, &fiber);
    ck_assert(fixture_result.walk.truncated);
    ck_assert_uint_eq(fixture_result.walk.count, 2);
}
END_TEST

// A fiber whose stack lies below its thread's, and so looks like the thread's own, with unmapped memory
// between the two.
static char *below_thread;
enum { BELOW_BYTES = 64 * 1024 };

static void wild_fiber_body(void) {
    wild_pointer = (uintptr_t)below_thread + BELOW_BYTES + 64;
    walk_wild();
}

static void *run_fiber_below(void *unused) {
    (void)unused;
    getcontext(&fiber);
    fiber.uc_stack.ss_sp = below_thread;
    fiber.uc_stack.ss_size = BELOW_BYTES;
    fiber.uc_link = &outside;
    makecontext(&fiber, wild_fiber_body, 0);
    swapcontext(&outside, &fiber);
    return NULL;
}

START_TEST(a_frame_pointer_into_a_hole_is_not_followed) {
    enum { HOLE = 64 * 1024, STACK = 256 * 1024 };
    below_thread =
        mmap(NULL, BELOW_BYTES + HOLE + STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_int_eq(mprotect(below_thread + BELOW_BYTES, HOLE, PROT_NONE), 0);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    ck_assert_int_eq(pthread_attr_setstack(&attributes, below_thread + BELOW_BYTES + HOLE, STACK), 0);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, &attributes, run_fiber_below, NULL), 0);
    pthread_join(thread, NULL);
    ck_assert(fixture_result.walk.truncated);
    ck_assert_uint_eq(fixture_result.walk.count, 2);
}
END_TEST

// Code that a program made itself lies in no object: nothing is kept, as a library may be loaded there later.
START_TEST(generated_code_is_not_remembered) {
    static const unsigned char code[] = {0x55, 0x48, 0x89, 0xe5,
                                         0xff, 0xd7, 0x5d, 0xc3}; // push, mov, call *%rdi, pop, ret
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(page, MAP_FAILED);
    memcpy(page, code, sizeof code);
    void (*generated)(void (*)(void));
    *(void **)&generated = page;
    walk_through(generated);
    ck_assert(!fixture_result.walk.truncated);
    ck_assert_uint_eq(fixture_result.frames[1].flags, STACK_GUESSED);
    ck_assert(same_beyond(3, 1));
    ck_assert_uint_eq(frame_rules_find(fixture_result.frames[1].pc - 1), 0);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, fixture_load, NULL);
    tcase_add_test(tests, rules_of_an_unloaded_library_are_forgotten);
    tcase_add_test(tests, a_library_that_took_anothers_place_is_noticed);
    tcase_add_test(tests, a_constructor_run_by_dlopen);
#if !FIXTURE_SANITIZED
    tcase_add_test(tests, a_constructor_run_before_main);
    tcase_add_test(tests, the_loader_allocates);
#endif
    tcase_add_test(tests, exceptions_in_flight);
    tcase_add_test(tests, a_frame_pointer_leads_on);
    tcase_add_test(tests, without_frame_pointer_nothing_is_claimed);
    tcase_add_test(tests, a_wild_frame_pointer_does_no_harm);
    tcase_add_test(tests, nothing_is_guessed_on_a_fiber);
    tcase_add_test(tests, a_frame_pointer_into_a_hole_is_not_followed);
    tcase_add_test(tests, generated_code_is_not_remembered);
}
SEEP_TEST_MAIN("unwind libraries")
