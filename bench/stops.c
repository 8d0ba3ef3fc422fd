// What a traced program is stopped for: stops signals|threads COUNT. Prints how long each took.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static volatile sig_atomic_t handled;

static void handle(int signal) {
    (void)signal;
    handled = handled + 1;
}

static void get_signals(long count) {
    signal(SIGUSR1, handle);
    for (long i = 0; i < count; i++)
        raise(SIGUSR1);
}

static void *end(void *unused) {
    return unused;
}

static void make_threads(long count) {
    for (long i = 0; i < count; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, end, NULL) != 0)
            abort();
        pthread_join(thread, NULL);
    }
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    long count = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    if (count <= 0)
        return 2;
    double begin = seconds();
    if (strcmp(argv[1], "signals") == 0)
        get_signals(count);
    else
        make_threads(count);
    printf("%.2f us for each of %ld %s\n", (seconds() - begin) * 1e6 / (double)count, count, argv[1]);
    return 0;
}
