// flags: -pthread
// One thread is cancelled in the middle of its work, one ends by pthread_exit, one is detached and ends while
// main waits. Each leaks from a function of its own: 11, 12 and 13 blocks of 10 bytes.
#include "tests/programs/keep.h"

#include <pthread.h>

static int cancel_me = 0;
static int detached_done[2];

#define LEAK(function, blocks)                                                                               \
    OWN_FRAME static void function(void) {                                                                   \
        for (int i = 0; i < opaque(blocks); i++)                                                             \
            keep(malloc(10));                                                                                \
        AFTER_CALL;                                                                                          \
    }
LEAK(leak_before_cancel, 11)
LEAK(leak_before_exit, 12)
LEAK(leak_detached, 13)

static void on_cancel(void *block) {
    free(block);
}

static void *cancelled(void *unused) {
    leak_before_cancel();
    pthread_cleanup_push(on_cancel, keep(malloc(1000)));
    __atomic_store_n(&cancel_me, 1, __ATOMIC_RELEASE);
    for (;;) {
        free(keep(malloc(20)));
        pthread_testcancel();
    }
    pthread_cleanup_pop(1);
    return unused;
}

static void *exits(void *unused) {
    leak_before_exit();
    pthread_exit(unused);
}

static void *detached(void *unused) {
    leak_detached();
    MUST(write(detached_done[1], "x", 1) == 1);
    return unused;
}

int main(void) {
    pthread_t thread;
    void *result;
    char byte;
    MUST(pthread_create(&thread, NULL, cancelled, NULL) == 0);
    while (!__atomic_load_n(&cancel_me, __ATOMIC_ACQUIRE))
        ;
    pthread_cancel(thread);
    pthread_join(thread, &result);
    MUST(result == PTHREAD_CANCELED);
    MUST(pthread_create(&thread, NULL, exits, &cancel_me) == 0);
    pthread_join(thread, &result);
    MUST(result == &cancel_me);
    MUST(pipe(detached_done) == 0 && pthread_create(&thread, NULL, detached, NULL) == 0);
    pthread_detach(thread);
    MUST(read(detached_done[0], &byte, 1) == 1);
    return 0;
}
