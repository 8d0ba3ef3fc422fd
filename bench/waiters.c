// What a recorded thread costs in memory: THREADS threads, the first one included, allocate, and when all
// have, the program prints its resident memory in KiB and ends.
//   waiters THREADS
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    max_threads = 256,
    rounds = 20000, // enough for everything that a recording thread uses in turns to be used
    window = 2000,  // blocks held
};

static pthread_barrier_t all_allocated, all_read;

static void allocate(void) {
    void **held = calloc(window, sizeof *held);
    if (held == NULL)
        abort();
    for (int i = 0; i < rounds; i++) {
        free(held[i % window]);
        held[i % window] = malloc(24);
    }
    for (int i = 0; i < window; i++)
        free(held[i]);
    free(held);
}

static void *work(void *unused) {
    (void)unused;
    allocate();
    pthread_barrier_wait(&all_allocated);
    pthread_barrier_wait(&all_read);
    return NULL;
}

static int print_resident(void) {
    FILE *rollup = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    long resident_kib = -1;
    while (rollup != NULL && fgets(line, sizeof line, rollup) != NULL)
        if (sscanf(line, "Rss: %ld", &resident_kib) == 1)
            break;
    if (rollup != NULL)
        fclose(rollup);
    printf("%ld\n", resident_kib);
    return resident_kib > 0 ? 0 : 1;
}

int main(int argc, char **argv) {
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    if (threads < 1 || threads > max_threads) {
        fprintf(stderr, "usage: waiters THREADS (1 to %d)\n", max_threads);
        return 2;
    }
    pthread_barrier_init(&all_allocated, NULL, (unsigned)threads);
    pthread_barrier_init(&all_read, NULL, (unsigned)threads);
    for (int i = 1; i < threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, work, NULL) != 0 || pthread_detach(thread) != 0)
            abort();
    }
    allocate();
    pthread_barrier_wait(&all_allocated);
    int status = print_resident();
    pthread_barrier_wait(&all_read);
    return status;
}
