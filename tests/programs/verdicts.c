// flags: -pthread -lrt -Wl,--export-dynamic
// Heaps whose every block has one verdict that can be known: verdicts GROUP. The expected verdicts stand in
// tests/e2e/test_verdict_corpus.c.
#include "tests/programs/verdicts.h"

#include <aio.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>

static void *volatile held[64];
static char packed[64] __attribute__((aligned(8)));

OWN_FRAME static void make_chains(void) {
    void **a = BLOCK(0), **b = BLOCK(1), **c = BLOCK(2);
    a[0] = b;
    b[5] = c;
    held[0] = a;
    a = BLOCK(3), b = BLOCK(4), c = BLOCK(5); // lost
    a[0] = b;
    b[1] = c;
    a = BLOCK(6), b = BLOCK(7); // a cycle
    a[1] = b;
    b[0] = a;
    void **tree = BLOCK(8), **left = BLOCK(9), **right = BLOCK(10), **leaf = BLOCK(11);
    tree[0] = left;
    tree[1] = right;
    right[3] = leaf;
    held[1] = (char *)(a = BLOCK(12)) + 20; // interior
    a[0] = BLOCK(13);
    held[2] = (char *)BLOCK(14) + 1;                     // a tag
    held[3] = (char *)BLOCK(15) + TAGGED_BYTES + 8 * 15; // one past the end
    held[4] = a = BLOCK(16);
    a[7] = (char *)BLOCK(17) + 100;
    a = BLOCK(18);
    a[0] = (char *)BLOCK(19) + 16; // interior, among lost ones
    a = BLOCK(20);
    memcpy(packed + 3, &a, sizeof a); // not aligned: nobody looks there
    held[5] = b = BLOCK(21);
    b[0] = b; // points to itself as well
}

static __thread void *volatile of_thread;

OWN_FRAME static void make_places(void **region) {
    static void *volatile of_function;
    held[0] = BLOCK(0);
    of_function = BLOCK(1);
    of_thread = BLOCK(2);
    region[10] = BLOCK(3);
    pthread_key_t key;
    MUST(pthread_key_create(&key, NULL) == 0);
    MUST(pthread_setspecific(key, BLOCK(4)) == 0);
    void **pool = BLOCK(5); // objects of 100 words, one of which points on
    pool[517] = BLOCK(6);
    held[1] = pool;
    pool = BLOCK(7); // known by one of its objects only
    held[2] = pool + 300;
    pool[600] = BLOCK(8);
}

static void on_exit_handler(int status, void *argument) {
    (void)status;
    (void)argument;
}

// Ends the program on a stack of its own, with the pointer in a register that calls keep.
static void end_here(int signal) {
    (void)signal;
    void *volatile mine = BLOCK(11);
    __asm__ volatile("mov %0, %%rbx\n"
                     "xor %0, %0\n"
                     "and $-16, %%rsp\n"
                     "xor %%edi, %%edi\n"
                     "call _exit"
                     :
                     : "r"(keep(BLOCK(12)))
                     : "rbx", "rdi", "memory");
    (void)mine;
}

OWN_FRAME static void end_on_other_stack(void *of_caller) {
    void *volatile mine = of_caller;
    stack_t other = {.ss_size = 64 << 10};
    other.ss_sp = mmap(NULL, other.ss_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(other.ss_sp != MAP_FAILED && sigaltstack(&other, NULL) == 0);
    struct sigaction action = {.sa_handler = end_here, .sa_flags = SA_ONSTACK};
    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    raise(SIGUSR1);
    (void)mine;
}

static pthread_barrier_t all_blocked;
static pthread_mutex_t never_given = PTHREAD_MUTEX_INITIALIZER;
static int never_written[2];

static void *blocked_in_read(void *number) {
    void *volatile mine = BLOCK(0);
    of_thread = BLOCK(1);
    char byte;
    pthread_barrier_wait(&all_blocked);
    while (read(never_written[0], &byte, 1) < 0)
        ;
    (void)mine;
    return number;
}

static void *blocked_in_lock(void *argument) {
    pthread_key_t key;
    MUST(pthread_key_create(&key, NULL) == 0 && pthread_setspecific(key, BLOCK(3)) == 0);
    void *volatile mine = BLOCK(4);
    pthread_barrier_wait(&all_blocked);
    pthread_mutex_lock(&never_given);
    (void)mine;
    return argument;
}

OWN_FRAME static void make_threads(void) {
    pthread_t thread;
    MUST(pthread_barrier_init(&all_blocked, NULL, 3) == 0 && pipe(never_written) == 0);
    pthread_mutex_lock(&never_given);
    MUST(pthread_create(&thread, NULL, blocked_in_read, BLOCK(2)) == 0);
    MUST(pthread_create(&thread, NULL, blocked_in_lock, NULL) == 0);
    pthread_detach(thread);
    pthread_barrier_wait(&all_blocked);
}

static void never_called(union sigval value) {
    keep(value.sival_ptr);
}

// libc's own threads serve these: it keeps what they are to be told.
OWN_FRAME static void make_in_libc_threads(int never_written_end) {
    struct sigevent expiry = {.sigev_notify = SIGEV_THREAD,
                              .sigev_notify_function = never_called,
                              .sigev_value.sival_ptr = BLOCK(4)};
    timer_t timer;
    MUST(timer_create(CLOCK_MONOTONIC, &expiry, &timer) == 0);
    memset(&expiry, 0, sizeof expiry);
    struct aiocb *request = (struct aiocb *)BLOCK(5);
    *request = (struct aiocb){.aio_fildes = never_written_end,
                              .aio_buf = BLOCK(6),
                              .aio_nbytes = 8,
                              .aio_sigevent = {.sigev_notify = SIGEV_THREAD,
                                               .sigev_notify_function = never_called,
                                               .sigev_value.sival_ptr = BLOCK(7)}};
    MUST(aio_read(request) == 0);
}

OWN_FRAME static void make_signal_stack(void) {
    stack_t other = {.ss_sp = BLOCK(3), .ss_size = TAGGED_BYTES};
    MUST(sigaltstack(&other, NULL) == 0);
    memset(&other, 0, sizeof other);
}

OWN_FRAME static void make_in_kernel(void) {
    int epoll = epoll_create1(0), ends[2];
    MUST(epoll >= 0 && pipe(ends) == 0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = BLOCK(0)};
    MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0);
    struct sigevent expiry = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2, .sigev_value.sival_ptr = BLOCK(1)};
    timer_t timer;
    MUST(timer_create(CLOCK_MONOTONIC, &expiry, &timer) == 0);
    void *written = BLOCK(2);
    MUST(write(ends[1], &written, sizeof written) == sizeof written); // in a pipe: nobody can look there
    memset(&event, 0, sizeof event);
    memset(&expiry, 0, sizeof expiry);
    make_signal_stack();
    MUST(pipe(ends) == 0);
    make_in_libc_threads(ends[0]);
}

OWN_FRAME static void make_in_libraries(const char *kept, const char *closed) {
    void *library = dlopen(kept, RTLD_NOW), *other = dlopen(closed, RTLD_NOW);
    MUST(library && other);
    void (*keep_global)(void *) = (void (*)(void *))dlsym(library, "keep_global");
    void (*keep_for_thread)(void *) = (void (*)(void *))dlsym(library, "keep_for_thread");
    void (*keep_in_other)(void *) = (void (*)(void *))dlsym(other, "keep_global");
    MUST(keep_global && keep_for_thread && keep_in_other);
    keep_global(BLOCK(0));
    keep_for_thread(BLOCK(1));
    keep_in_other(BLOCK(2));
    MUST(dlclose(other) == 0);
}

OWN_FRAME static void leave_on_stack(void) {
    void *volatile deep[600];
    memset((void *)deep, 0, sizeof deep);
    deep[20] = BLOCK(1);
    AFTER_CALL;
}

OWN_FRAME static void make_stale(void) {
    void *volatile *owner = keep(malloc(5000));
    owner[40] = BLOCK(0);
    free((void *)owner);
    void *volatile *first = keep(malloc(200));
    first[10] = BLOCK(2);
    free((void *)first);
    held[0] = keep(malloc(200)); // the same memory again, not written to: the old pointer is in it
}

static void run_group(const char *group, char **libraries) {
    if (!strcmp(group, "chains")) {
        make_chains();
    } else if (!strcmp(group, "places")) {
        void **region = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        MUST(region != MAP_FAILED);
        make_places(region);
        on_exit(on_exit_handler, BLOCK(9));
        scrub_stack();
        end_on_other_stack(BLOCK(10));
    } else if (!strcmp(group, "threads")) {
        make_threads();
    } else if (!strcmp(group, "kernel")) {
        make_in_kernel();
    } else if (!strcmp(group, "libraries")) {
        make_in_libraries(libraries[0], libraries[1]);
    } else {
        make_stale();
        scrub_stack();
        leave_on_stack();
        _exit(0);
    }
}

int main(int argc, char **argv) {
    MUST(argc > 1);
    run_group(argv[1], argv + 2);
    scrub_stack();
    _exit(0);
}
