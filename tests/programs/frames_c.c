// flags: -pthread -l:callback.so -fomit-frame-pointer
// Leaks one block at the end of each kind of C call chain: frames_c CASE.
#include "tests/programs/keep.h"

#include <pthread.h>

void library_calls_back(void (*function)(void *), void *argument);

OWN_FRAME static void leak_here(int bytes) {
    char room[64];
    keep(room);
    keep(malloc((size_t)bytes));
    AFTER_CALL;
}

// Frames of different shapes: registers saved, a large frame, a frame of a size known only at run time.
OWN_FRAME static int saves_registers(int a, int b, int c) {
    leak_here(a);
    return a * b + c;
}

OWN_FRAME static int has_a_large_frame(int a) {
    char room[20000];
    memset(keep(room), a, sizeof room);
    return saves_registers(a, room[7], 3) + room[19999];
}

OWN_FRAME static int has_a_variable_frame(int a) {
    char room[a + 100];
    memset(keep(room), a, sizeof room);
    return has_a_large_frame(a) + room[99];
}

OWN_FRAME static void plain(void) {
    keep((void *)(size_t)has_a_variable_frame(10));
}

OWN_FRAME static int compare_and_leak(const void *a, const void *b) {
    static int leaked;
    if (!leaked++)
        leak_here(20);
    return *(const int *)a - *(const int *)b;
}

OWN_FRAME static void through_qsort(void) {
    int numbers[] = {3, 1, 2};
    qsort(numbers, COUNT_OF(numbers), sizeof *numbers, compare_and_leak);
    MUST(numbers[0] == 1);
}

OWN_FRAME static void called_back(void *bytes) {
    leak_here(*(int *)bytes);
    AFTER_CALL;
}

OWN_FRAME static void through_library(void) {
    int bytes = 30;
    library_calls_back(called_back, &bytes);
    AFTER_CALL;
}

static void *thread_start(void *argument) {
    leak_here(40);
    return argument;
}

OWN_FRAME static void in_thread(void) {
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, thread_start, NULL) == 0);
    pthread_join(thread, NULL);
}

OWN_FRAME static void at_exit(void) {
    leak_here(50);
    AFTER_CALL;
}

OWN_FRAME static int recurse(int depth) {
    if (depth == 0) {
        leak_here(60);
        return 1;
    }
    int below = recurse(depth - 1);
    AFTER_CALL;
    return below + depth;
}

OWN_FRAME static void deep(void) {
    keep((void *)(size_t)recurse(100));
    AFTER_CALL;
}

int main(int argc, char **argv) {
    MUST(argc == 2);
    if (!strcmp(argv[1], "plain"))
        plain();
    else if (!strcmp(argv[1], "qsort"))
        through_qsort();
    else if (!strcmp(argv[1], "library"))
        through_library();
    else if (!strcmp(argv[1], "thread"))
        in_thread();
    else if (!strcmp(argv[1], "atexit"))
        MUST(atexit(at_exit) == 0);
    else if (!strcmp(argv[1], "deep"))
        deep();
    else
        return 2;
    return 0;
}
