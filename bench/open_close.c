// What recording costs an open and close pair: prints the processor time of one, in nanoseconds, from the
// program's own clock. Usage: open_close [PAIRS]. With --track heap next to --track heap,fd the difference is
// what descriptors add, the stack's walk included; the walk is the memo's, as the stack is the same each
// time.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(int argc, char **argv) {
    long pairs = argc > 1 ? atol(argv[1]) : 300000;
    double begin = now_ns();
    for (long i = 0; i < pairs; i++) {
        int fd = open("/dev/null", O_RDONLY);
        if (fd < 0 || close(fd) != 0)
            return 1;
    }
    printf("%.0f ns per open and close\n", (now_ns() - begin) / (double)pairs);
    return 0;
}
