// flags: -pthread -l:count.so
// 1,000 threads, eight at a time; each allocates ten blocks of 32 bytes and frees seven of them.
#include "tests/programs/count.h"
#include "tests/programs/keep.h"

#include <pthread.h>

enum { THREADS = 1000, AT_A_TIME = 8, BLOCKS = 10, FREED = 7 };

OWN_FRAME static void thread_work(void) {
    void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = keep(malloc(32));
    for (int i = 0; i < FREED; i++)
        free(blocks[i]);
}

static void *thread_main(void *unused) {
    thread_work();
    return unused;
}

int main(void) {
    for (int round = 0; round < THREADS / AT_A_TIME; round++) {
        pthread_t threads[AT_A_TIME];
        for (int i = 0; i < AT_A_TIME; i++)
            MUST(pthread_create(&threads[i], NULL, thread_main, NULL) == 0);
        for (int i = 0; i < AT_A_TIME; i++)
            pthread_join(threads[i], NULL);
    }
    return 0;
}
