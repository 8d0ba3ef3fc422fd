// flags: -pthread -l:count.so
// 50 threads with a pthread_key destructor that arms itself again until the last round, allocating and
// freeing each time, and with a __cxa_thread_atexit_impl handler. Each round leaks one block of 56 bytes: 4
// rounds, 200 blocks.
#include "tests/programs/count.h"
#include "tests/programs/keep.h"

#include <limits.h>
#include <pthread.h>

extern int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *library);
extern void *__dso_handle;

static pthread_key_t key;

OWN_FRAME static void leak_in_round(void) {
    keep(malloc(56));
    AFTER_CALL;
}

static void destructor(void *value) {
    free(value);
    leak_in_round();
    pthread_setspecific(key, keep(malloc(80))); // after the last round this one stays
}

static void at_thread_end(void *value) {
    free(value);
    free(keep(malloc(33)));
}

static void *thread_main(void *unused) {
    (void)unused;
    pthread_setspecific(key, keep(malloc(80)));
    __cxa_thread_atexit_impl(at_thread_end, keep(malloc(44)), &__dso_handle);
    return NULL;
}

int main(void) {
    MUST(pthread_key_create(&key, destructor) == 0);
    for (int i = 0; i < 50; i++) {
        pthread_t thread;
        MUST(pthread_create(&thread, NULL, thread_main, NULL) == 0);
        pthread_join(thread, NULL);
    }
    return 0;
}
