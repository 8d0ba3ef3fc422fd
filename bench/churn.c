// The reference workload for what seep costs: threads that allocate and free at a given call depth, as
// programs with deep stacks and many short-lived blocks do. Prints the time of one malloc+free pair, by the
// clock and of all processors.
//   churn [PAIRS [DEPTH [THREADS [WINDOW [LEAKED [own|other]]]]]]
//     PAIRS    malloc+free pairs per thread      DEPTH   calls between a thread's start and the allocation
//     THREADS  threads                           WINDOW  blocks held at any time, the oldest is freed first
//     LEAKED   blocks per thread never freed; with any, their stack's frames are counted and printed
//     other    each thread has a partner that frees its blocks, handed over by half windows
// Build as users build: gcc -O2 -g, without frame pointers.
#include <execinfo.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    pairs_per_descent = 16, // one descent to full depth allocates this often
    varied_levels = 4,      // the innermost levels choose their function at random: 8^4 ways down, two ends
    max_threads = 64,
    leaked_bytes = 33,
    most_frames = 512,
};

static long pairs = 2000000, leaked = 0;
static int depth = 20, threads = 1, window = 1000;
static bool freed_by_other;

// Each on cache lines of its own: what is measured must not be the threads' quarrel over one.
struct worker {
    _Alignas(128) pthread_t thread;
    uint64_t random; // xorshift; never 0
    void **held;     // the window: a ring of blocks
    int oldest;
    long pairs_left;
    long leaks_left;
    int frames; // of a leaked block's stack, as libgcc unwinds it
    // With a partner: the window's halves go round between the two.
    pthread_t partner;
    sem_t filled, emptied;
    bool last_half; // set before the last post of filled
};

static inline uint64_t next_random(struct worker *worker) {
    worker->random ^= worker->random << 13;
    worker->random ^= worker->random >> 7;
    worker->random ^= worker->random << 17;
    return worker->random;
}

// Makes room in the window.
static inline void drop_oldest(struct worker *worker) {
    if (!freed_by_other)
        free(worker->held[worker->oldest]);
    else if (worker->oldest % (window / 2) == 0)
        sem_wait(&worker->emptied);
}

// Fills the room that drop_oldest made.
static inline void hold(struct worker *worker, char *block) {
    if (block == NULL)
        abort();
    block[0] = 1;
    worker->held[worker->oldest] = block;
    worker->oldest = (worker->oldest + 1) % window;
    if (freed_by_other && worker->oldest % (window / 2) == 0)
        sem_post(&worker->filled);
}

__attribute__((noinline)) static void allocate_small(struct worker *worker) {
    for (int i = 0; i < pairs_per_descent && worker->pairs_left > 0; i++, worker->pairs_left--) {
        drop_oldest(worker);
        hold(worker, malloc(16 + (next_random(worker) & 0xff)));
    }
}

__attribute__((noinline)) static void allocate_mixed(struct worker *worker) {
    for (int i = 0; i < pairs_per_descent && worker->pairs_left > 0; i++, worker->pairs_left--) {
        drop_oldest(worker);
        hold(worker, calloc(1, 16 + (next_random(worker) & 0x3ff)));
    }
}

__attribute__((noinline)) static void leak(struct worker *worker) {
    volatile char *block = malloc(leaked_bytes);
    if (block == NULL)
        abort();
    block[0] = 1;
    if (worker->leaks_left-- == 1) {
        void *frames[most_frames];
        worker->frames = backtrace(frames, most_frames);
    }
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

// The partner: frees one half of the window at a time.
static void *free_halves(void *argument) {
    struct worker *worker = argument;
    for (int first = 0;; first = first == 0 ? window / 2 : 0) {
        sem_wait(&worker->filled);
        bool last = worker->last_half;
        for (int i = first; i < first + window / 2; i++) {
            free(worker->held[i]);
            worker->held[i] = NULL;
        }
        if (last)
            return NULL;
        sem_post(&worker->emptied);
    }
}

static void start_partner(struct worker *worker) {
    sem_init(&worker->filled, 0, 0);
    sem_init(&worker->emptied, 0, 2);
    if (pthread_create(&worker->partner, NULL, free_halves, worker) != 0)
        abort();
}

// Every half that was begun is handed over, and one more that says it was the last.
static void end_partner(struct worker *worker) {
    if (worker->oldest % (window / 2) != 0)
        sem_post(&worker->filled);
    sem_wait(&worker->emptied);
    sem_wait(&worker->emptied);
    worker->last_half = true;
    sem_post(&worker->filled);
    pthread_join(worker->partner, NULL);
}

static void *work(void *argument) {
    struct worker *worker = argument;
    worker->held = calloc((size_t)window, sizeof *worker->held);
    if (worker->held == NULL)
        abort();
    if (freed_by_other)
        start_partner(worker);
    while (worker->pairs_left > 0 || worker->leaks_left > 0)
        descend(worker, depth);
    if (freed_by_other)
        end_partner(worker);
    for (int i = 0; i < window; i++)
        free(worker->held[i]);
    free(worker->held);
    return NULL;
}

static double now_seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
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
    if (argc > 6)
        freed_by_other = strcmp(argv[6], "other") == 0;
    window += window % 2; // two halves
    if (pairs < 1 || depth < 0 || threads < 1 || threads > max_threads || window < 1 || leaked < 0) {
        fprintf(stderr, "usage: churn [PAIRS [DEPTH [THREADS [WINDOW [LEAKED [own|other]]]]]]\n");
        return 2;
    }
    double start = now_seconds(CLOCK_MONOTONIC), cpu_start = now_seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < threads; i++) {
        workers[i].random = 88172645463325252u + (uint64_t)i * 7919;
        workers[i].pairs_left = pairs;
        workers[i].leaks_left = leaked;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            abort();
    }
    for (int i = 0; i < threads; i++)
        pthread_join(workers[i].thread, NULL);
    double seconds = now_seconds(CLOCK_MONOTONIC) - start;
    double cpu_seconds = now_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
    printf("churn: %.2f ns per malloc+free pair, %.3f s, %.2f ns of processor time per pair\n",
           seconds * 1e9 / (double)pairs, seconds, cpu_seconds * 1e9 / ((double)pairs * threads));
    if (leaked > 0)
        printf("churn: a leaked block's stack has %d frames\n", workers[0].frames);
    return 0;
}
