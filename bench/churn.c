// The reference workload for what seep costs: threads that allocate and free at a given call depth, as
// programs with deep stacks and many short-lived blocks do. Prints the time of one malloc+free pair.
//   churn [PAIRS [DEPTH [THREADS [WINDOW [LEAKED]]]]]
//     PAIRS    malloc+free pairs per thread      DEPTH   calls between a thread's start and the allocation
//     THREADS  threads                           WINDOW  blocks held at any time, the oldest is freed first
//     LEAKED   blocks per thread never freed
// Build as users build: gcc -O2 -g, without frame pointers.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    pairs_per_descent = 16, // one descent to full depth allocates this often
    varied_levels = 4,      // the innermost levels choose their function at random: 8^4 ways down, two ends
    max_threads = 64,
    leaked_bytes = 33,
};

static long pairs = 2000000, leaked = 0;
static int depth = 20, threads = 1, window = 1000;

// Each on cache lines of its own: what is measured must not be the threads' quarrel over one.
struct worker {
    _Alignas(128) pthread_t thread;
    uint64_t random; // xorshift; never 0
    void **held;     // the window: a ring of blocks
    int oldest;
    long pairs_left;
    long leaks_left;
};

static inline uint64_t next_random(struct worker *worker) {
    worker->random ^= worker->random << 13;
    worker->random ^= worker->random >> 7;
    worker->random ^= worker->random << 17;
    return worker->random;
}

// Replaces the oldest block of the window.
static inline void hold(struct worker *worker, char *block) {
    if (block == NULL)
        abort();
    block[0] = 1;
    worker->held[worker->oldest] = block;
    worker->oldest = (worker->oldest + 1) % window;
}

__attribute__((noinline)) static void allocate_small(struct worker *worker) {
    for (int i = 0; i < pairs_per_descent && worker->pairs_left > 0; i++, worker->pairs_left--) {
        free(worker->held[worker->oldest]);
        hold(worker, malloc(16 + (next_random(worker) & 0xff)));
    }
}

__attribute__((noinline)) static void allocate_mixed(struct worker *worker) {
    for (int i = 0; i < pairs_per_descent && worker->pairs_left > 0; i++, worker->pairs_left--) {
        free(worker->held[worker->oldest]);
        hold(worker, calloc(1, 16 + (next_random(worker) & 0x3ff)));
    }
}

__attribute__((noinline)) static void leak(struct worker *worker) {
    volatile char *block = malloc(leaked_bytes);
    if (block == NULL)
        abort();
    block[0] = 1;
    worker->leaks_left--;
}

static void descend(struct worker *worker, int levels);

// Eight functions with frames of different sizes, so that a walk meets different rules. The store behind the
// call keeps it from becoming a jump.
#define LEVEL(name, bytes)                                                                                   \
    __attribute__((noinline)) static void name(struct worker *worker, int levels) {                          \
        volatile char frame[bytes];                                                                          \
        frame[0] = (char)levels;                                                                             \
        descend(worker, levels - 1);                                                                         \
        frame[1] = frame[0];                                                                                 \
    }
LEVEL(level_16, 16)
LEVEL(level_32, 32)
LEVEL(level_48, 48)
LEVEL(level_64, 64)
LEVEL(level_80, 80)
LEVEL(level_96, 96)
LEVEL(level_112, 112)
LEVEL(level_128, 128)

static void (*const levels_by_number[])(struct worker *, int) = {level_16, level_32, level_48,  level_64,
                                                                 level_80, level_96, level_112, level_128};

static void descend(struct worker *worker, int levels) {
    if (levels <= 0) {
        if (next_random(worker) & 1)
            allocate_small(worker);
        else
            allocate_mixed(worker);
        if (worker->leaks_left > 0)
            leak(worker);
        return;
    }
    levels_by_number[levels > varied_levels ? 3 : next_random(worker) & 7](worker, levels);
    worker->random++; // keeps the call above from becoming a jump
    if (worker->random == 0)
        worker->random = 1;
}

static void *work(void *argument) {
    struct worker *worker = argument;
    worker->held = calloc((size_t)window, sizeof *worker->held);
    if (worker->held == NULL)
        abort();
    while (worker->pairs_left > 0 || worker->leaks_left > 0)
        descend(worker, depth);
    for (int i = 0; i < window; i++)
        free(worker->held[i]);
    free(worker->held);
    return NULL;
}

static double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
    static struct worker workers[max_threads];
    if (argc > 1)
        pairs = atol(argv[1]);
    if (argc > 2)
        depth = atoi(argv[2]);
    if (argc > 3)
        threads = atoi(argv[3]);
    if (argc > 4)
        window = atoi(argv[4]);
    if (argc > 5)
        leaked = atol(argv[5]);
    if (pairs < 1 || depth < 0 || threads < 1 || threads > max_threads || window < 1 || leaked < 0) {
        fprintf(stderr, "usage: churn [PAIRS [DEPTH [THREADS [WINDOW [LEAKED]]]]]\n");
        return 2;
    }
    double start = now_seconds();
    for (int i = 0; i < threads; i++) {
        workers[i] = (struct worker){
            .random = 88172645463325252u + (uint64_t)i * 7919, .pairs_left = pairs, .leaks_left = leaked};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            abort();
    }
    for (int i = 0; i < threads; i++)
        pthread_join(workers[i].thread, NULL);
    double seconds = now_seconds() - start;
    printf("churn: %.2f ns per malloc+free pair, %.3f s\n", seconds * 1e9 / (double)pairs, seconds);
    return 0;
}
