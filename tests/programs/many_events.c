// flags: -pthread
// Eight threads make 10 million heap calls: pairs of malloc and free, a third of the frees in another thread
// than the malloc. Prints "ALLOCATIONS FREES BYTES".
#include "tests/programs/keep.h"

#include <pthread.h>

enum { THREADS = 8, PAIRS = 625000, SLOTS = 256 };

static void *slots[SLOTS];
static unsigned long long allocations, frees, bytes;

static void *thread_main(void *argument) {
    unsigned long long my_allocations = 0, my_frees = 0, my_bytes = 0;
    unsigned self = (unsigned)(size_t)argument;
    for (unsigned i = 0; i < PAIRS; i++) {
        size_t size = (i * 7 + self) % 120 + 1;
        void *block = keep(malloc(size));
        my_allocations++;
        my_bytes += size;
        block = __atomic_exchange_n(&slots[(i * 31 + self) % SLOTS], block, __ATOMIC_ACQ_REL);
        my_frees += block != NULL;
        free(block);
    }
    __atomic_fetch_add(&allocations, my_allocations, __ATOMIC_RELAXED);
    __atomic_fetch_add(&frees, my_frees, __ATOMIC_RELAXED);
    __atomic_fetch_add(&bytes, my_bytes, __ATOMIC_RELAXED);
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        MUST(pthread_create(&threads[i], NULL, thread_main, (void *)i) == 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    char line[96];
    int length = snprintf(line, sizeof line, "%llu %llu %llu\n", allocations, frees, bytes);
    MUST(write(1, line, (size_t)length) == length);
    return 0;
}
