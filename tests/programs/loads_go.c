// A C program that loads Go libraries, the arguments, and calls each of them from main and from another
// thread: each leaks a block of 1,000 bytes for each call.
// flags: -ldl -pthread
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static void (*leak)(void);

__attribute__((noinline)) static void call_go(void) {
    leak();
    __asm__ volatile("");
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
    }
    return 0;
}
