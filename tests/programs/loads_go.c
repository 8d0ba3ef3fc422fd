// A C program that loads Go libraries, the arguments, and calls each of them from main and from another
// thread: each leaks a block of 1,000 bytes for each call. Then has each hold a block of 700 bytes and lose
// 100 of 300.
// flags: -ldl -pthread
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static void (*leak)(void);

__attribute__((noinline)) static void call_go(void) {
    leak();
    __asm__ volatile("");
}

static int call(void *library, const char *name) {
    void (*function)(void) = (void (*)(void))dlsym(library, name);
    if (function)
        function();
    return function != NULL;
}

static void *thread_start(void *unused) {
    call_go();
    return unused;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        void *library = dlopen(argv[i], RTLD_NOW);
        if (!library || !(leak = (void (*)(void))dlsym(library, "LeakForC"))) {
            fprintf(stderr, "%s\n", dlerror());
            return 1;
        }
        call_go();
        pthread_t thread;
        if (pthread_create(&thread, NULL, thread_start, NULL) != 0 || pthread_join(thread, NULL) != 0)
            return 1;
        if (!call(library, "HoldForC") || !call(library, "LoseForC"))
            return 1;
    }
    return 0;
}
