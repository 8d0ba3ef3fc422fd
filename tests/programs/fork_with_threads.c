// flags: -pthread
// Forks 100 times while four threads allocate. Each child leaks two blocks of 48 bytes and makes pairs of
// calls; the parent makes one block of 24 bytes for each child and keeps it.
#include "tests/programs/keep.h"

#include <pthread.h>
#include <sys/wait.h>

enum { THREADS = 4, FORKS = 100 };

static int stop;

static void *allocate_meanwhile(void *unused) {
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
        free(keep(malloc(60)));
    return unused;
}

OWN_FRAME static void leak_in_child(void) {
    for (int i = 0; i < opaque(2); i++)
        keep(malloc(48));
    AFTER_CALL;
}

OWN_FRAME static void leak_in_parent(void) {
    keep(malloc(24));
    AFTER_CALL;
}

int main(void) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_create(&threads[i], NULL, allocate_meanwhile, NULL) == 0);
    for (int i = 0; i < FORKS; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            leak_in_child();
            for (int pair = 0; pair < 100; pair++)
                free(keep(malloc(100)));
            _exit(3);
        }
        leak_in_parent();
        MUST(child > 0 && waitpid(child, &status, 0) == child);
        MUST(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
