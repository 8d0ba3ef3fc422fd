// A library that holds pointers: in a global, and in thread-local storage that is made when it is first used.
#include <stdlib.h>

void keep_global(void *pointer);
void keep_for_thread(void *pointer);

static void *volatile global[4];
static __thread void *volatile of_thread[2000] __attribute__((tls_model("global-dynamic")));

void keep_global(void *pointer) {
    global[2] = pointer;
}

void keep_for_thread(void *pointer) {
    of_thread[1000] = pointer;
}
