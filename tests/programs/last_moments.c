// flags: -pthread
// Holds and loses blocks in one way of several, and ends: last_moments CASE. Each case leaves `held` blocks
// of 200 bytes that it can still get at, and one of 100 bytes that it cannot.
#define _GNU_SOURCE
#include "tests/programs/cases.h"
#include "tests/programs/lose.h"

#include <linux/io_uring.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>

enum { THREADS = 100 };

static void *volatile nothing;

static pthread_barrier_t started;

// What an allocator hands out first of its kind may begin where other memory ends, and who keeps where that
// ends points to it: the loader does.
static void use_up_the_first(void) {
    void *volatile first = malloc(LOST - 1);
    MUST(first != NULL);
}

static void *waits_with_a_block(void *number) {
    void *volatile block = malloc(HELD);
    pthread_barrier_wait(&started);
    switch ((uintptr_t)number % 4) {
    case 0:
        for (;;)
            pause();
    case 1: {
        int ends[2];
        char byte;
        MUST(pipe(ends) == 0);
        MUST(read(ends[0], &byte, 1) == 1);
        break;
    }
    case 2:
        for (;;)
            nanosleep(&(struct timespec){.tv_sec = 1000}, NULL);
    default:
        for (;;) // runs
            __asm__ volatile("" : : "r"(block));
    }
    return block;
}

static void threads_wait_and_run(void) {
    pthread_barrier_init(&started, NULL, THREADS + 1);
    for (uintptr_t i = 0; i < THREADS; i++) {
        pthread_t thread;
        MUST(pthread_create(&thread, NULL, waits_with_a_block, (void *)(i < THREADS - 2 ? i % 3 : 3)) == 0);
    }
    pthread_barrier_wait(&started);
}

static void *ends_at_once(void *unused) {
    return unused;
}

static void *makes_threads(void *unused) {
    for (bool first = true;; first = false) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, ends_at_once, NULL) == 0)
            pthread_join(thread, NULL);
        if (first)
            pthread_barrier_wait(&started);
    }
    return unused;
}

static void threads_come_and_go(void) {
    pthread_barrier_init(&started, NULL, 3);
    pthread_t thread;
    for (int i = 0; i < 2; i++)
        MUST(pthread_create(&thread, NULL, makes_threads, NULL) == 0);
    pthread_barrier_wait(&started);
}

static void *loses_on_its_stack(void *unused) {
    use_up_the_first();
    lose();
    void *volatile block = malloc(LOST); // still in its frame when the thread has ended
    MUST(block != NULL);
    return unused;
}

static void a_thread_ended(void) {
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, loses_on_its_stack, NULL) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

__attribute__((noinline)) static void deep(void) {
    void *volatile block[512];
    for (int i = 0; i < 512; i++)
        block[i] = NULL;
    block[3] = malloc(LOST);
    MUST(block[3] != NULL);
}

static void dead_stack(void) {
    deep();
}

static void freed_memory(void) {
    void *volatile *block = malloc(4096), *barrier = malloc(HELD);
    nothing = barrier; // what is freed below does not become part of what was never allocated
    block[100] = malloc(LOST);
    free((void *)block);
}

static void mapped_memory(void) {
    void **page = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(page != MAP_FAILED);
    page[60000] = malloc(HELD);
    MUST(mprotect(page, 1 << 20, PROT_READ) == 0);
}

static __thread void *volatile in_thread_storage;
static void thread_storage(void) {
    in_thread_storage = malloc(HELD);
}

static void event_queue(void) {
    int queue = epoll_create1(0), ends[2];
    MUST(pipe(ends) == 0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = malloc(HELD)};
    MUST(epoll_ctl(queue, EPOLL_CTL_ADD, ends[0], &event) == 0);
    event.data.ptr = NULL;
}

// Requests that outnumber the queue's entries: those of the first are overwritten, and the kernel alone knows
// what they answer with.
static void io_requests(void) {
    struct io_uring_params parameters = {0};
    int ring = (int)syscall(SYS_io_uring_setup, 1, &parameters), ends[2];
    if (ring < 0)
        _exit(3); // none to be had here
    MUST(pipe(ends) == 0);
    int shared = PROT_READ | PROT_WRITE;
    size_t bytes = parameters.sq_off.array + parameters.sq_entries * sizeof(unsigned);
    char *queue = mmap(NULL, bytes, shared, MAP_SHARED, ring, IORING_OFF_SQ_RING);
    struct io_uring_sqe *entry = mmap(NULL, sizeof *entry, shared, MAP_SHARED, ring, IORING_OFF_SQES);
    MUST(queue != MAP_FAILED && entry != MAP_FAILED);
    for (int i = 0; i < 3; i++) {
        *entry = (struct io_uring_sqe){.opcode = IORING_OP_POLL_ADD, .fd = ends[0], .poll32_events = POLLIN};
        entry->user_data = (uintptr_t)malloc(HELD);
        ++*(unsigned *)(void *)(queue + parameters.sq_off.tail);
        MUST(syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0) == 1);
    }
}

static void timer(void) {
    timer_t made;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    event.sigev_value.sival_ptr = malloc(HELD);
    MUST(timer_create(CLOCK_MONOTONIC, &event, &made) == 0);
    memset(&event, 0, sizeof event);
}

static ucontext_t fiber, here;

static void holds_on_its_stack(void) {
    void *volatile block = malloc(HELD);
    swapcontext(&fiber, &here);
    MUST(block == NULL); // never goes on
}

static void fiber_with(void *stack) {
    MUST(getcontext(&fiber) == 0);
    fiber.uc_stack.ss_sp = stack;
    fiber.uc_stack.ss_size = 65536;
    fiber.uc_link = NULL;
    makecontext(&fiber, holds_on_its_stack, 0);
    MUST(swapcontext(&here, &fiber) == 0);
}

static void mapped_fiber(void) {
    void *stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(stack != MAP_FAILED);
    fiber_with(stack);
}

static void ends_on_a_fiber(void) {
    void *volatile block = malloc(HELD);
    lose();
    wipe_stack();
    exit(block ? 0 : 1);
}

static void runs_on_a_fiber(void) {
    static ucontext_t own;
    void *stack = mmap(NULL, 1 << 18, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(stack != MAP_FAILED && getcontext(&own) == 0);
    own.uc_stack.ss_sp = stack;
    own.uc_stack.ss_size = 1 << 18;
    makecontext(&own, ends_on_a_fiber, 0);
    setcontext(&own);
}

// The child's block hangs on one that it inherited, which is not among its own.
static void in_a_child(void) {
    static void *volatile *volatile inherited;
    inherited = malloc(50);
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        *inherited = malloc(HELD);
        return;
    }
    int status;
    MUST(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void beside_a_child_without_blocks(void) {
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0)
        _exit(0);
    int status;
    MUST(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void in_a_traced_child(void) {
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        raise(SIGSTOP);
        nothing = malloc(HELD);
        return;
    }
    int status;
    MUST(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    MUST(ptrace(PTRACE_SEIZE, child, NULL, NULL) == 0);
    MUST(kill(child, SIGCONT) == 0);
    while (waitpid(child, &status, 0) == child && WIFSTOPPED(status))
        ptrace(PTRACE_CONT, child, NULL, NULL);
    MUST(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void not_dumpable(void) {
    nothing = malloc(HELD);
    MUST(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
}

static void aborts(void) {
    void *volatile block = malloc(HELD);
    lose();
    abort();
    MUST(block == NULL);
}

static const struct program_case cases[] = {
    CASE(threads_wait_and_run),
    CASE(threads_come_and_go),
    CASE(a_thread_ended),
    CASE(dead_stack),
    CASE(freed_memory),
    CASE(mapped_memory),
    CASE(thread_storage),
    CASE(event_queue),
    CASE(timer),
    CASE(io_requests),
    CASE(mapped_fiber),
    CASE(runs_on_a_fiber),
    CASE(in_a_child),
    CASE(beside_a_child_without_blocks),
    CASE(in_a_traced_child),
    CASE(not_dumpable),
    CASE(aborts),
};

int main(int argc, char **argv) {
    MUST(argc == 2);
    use_up_the_first();
    named_case(cases, COUNT_OF(cases), argv[1])->run();
    lose();
    wipe_stack();
    return 0;
}
