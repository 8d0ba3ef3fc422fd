// flags: -pthread -D_GNU_SOURCE
// Programs whose memory is of one kind each, so that the report's account of it can be checked:
// fragmented COUNT: that many blocks of 1 to 2 KiB come and go, one in a thousand stays;
// pinned COUNT: every other block of 1 KiB stays;
// arenas: threads fill their arenas and free all but the last block, and wait with a MiB of stack each;
// untouched: 256 MiB that were asked for, 8 of them touched;
// lost: 16 MiB that nothing points to, and as much that something does;
// shared: 16 MiB of a memfd; raw: 16 MiB that no hook can have seen mapped;
// forks: the child has 16 MiB of its parent's heap.
#include "tests/programs/keep.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { MIB = 1 << 20, THREADS = 6, THREAD_BLOCKS = 4096 };

static char **kept;

static void fill(void **blocks, size_t count, size_t least, size_t spread) {
    for (size_t i = 0; i < count; i++) {
        size_t bytes = least + (spread ? i * 7919 % spread : 0);
        MUST((blocks[i] = malloc(bytes)));
        memset(blocks[i], 1, bytes);
    }
}

static void fragmented(size_t count) {
    void **blocks =
        mmap(NULL, count * sizeof *blocks, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    fill(blocks, count, 1024, 1024);
    for (size_t i = 0; i < count; i++)
        if (i % 1000 != 999)
            free(blocks[i]);
    kept = (char **)blocks;
}

static void pinned(size_t count) {
    void **blocks =
        mmap(NULL, count * sizeof *blocks, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    fill(blocks, count, 1000, 0);
    for (size_t i = 0; i < count; i += 2)
        free(blocks[i]);
    kept = (char **)blocks;
}

static pthread_barrier_t barrier;

static void *fills_an_arena(void *unused) {
    static __thread void *blocks[THREAD_BLOCKS];
    char stack[MIB];
    memset(keep(stack), 1, sizeof stack);
    fill(blocks, THREAD_BLOCKS, 1024, 0);
    pthread_barrier_wait(&barrier);             // all at once: each has an arena of its own
    for (int i = 0; i < THREAD_BLOCKS - 1; i++) // the last keeps all below it from being given back
        free(blocks[i]);
    pthread_barrier_wait(&barrier);
    for (;;)
        pause();
    return unused;
}

static void arenas(void) {
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_create(&thread, NULL, fills_an_arena, NULL) == 0);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
}

static void untouched(void) {
    char *block = keep(malloc(256 * MIB));
    memset(block, 1, 8 * MIB);
}

static void *held[16];

static void lost(void) {
    void *blocks[16];
    fill(blocks, 16, MIB, 0);
    fill(held, 16, MIB, 0);
    memset(keep(blocks), 0, sizeof blocks);
}

static void shared(void) {
    int fd = memfd_create("a cache", 0);
    MUST(fd >= 0 && ftruncate(fd, 16 * MIB) == 0);
    char *at = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    MUST(at != MAP_FAILED);
    memset(at, 1, 16 * MIB);
}

static void raw(void) {
    char *at = (char *)syscall(SYS_mmap, NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                               -1, 0L);
    MUST(at != MAP_FAILED);
    memset(at, 1, 16 * MIB);
}

static void forks(void) {
    char *block = keep(malloc(16 * MIB));
    memset(block, 1, 16 * MIB);
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0)
        exit(0);
    MUST(waitpid(child, NULL, 0) == child);
}

int main(int argc, char **argv) {
    MUST(argc >= 2);
    size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    if (!strcmp(argv[1], "fragmented"))
        fragmented(count);
    else if (!strcmp(argv[1], "pinned"))
        pinned(count);
    else if (!strcmp(argv[1], "arenas"))
        arenas();
    else if (!strcmp(argv[1], "untouched"))
        untouched();
    else if (!strcmp(argv[1], "lost"))
        lost();
    else if (!strcmp(argv[1], "shared"))
        shared();
    else if (!strcmp(argv[1], "raw"))
        raw();
    else if (!strcmp(argv[1], "forks"))
        forks();
    else
        return 2;
    return 0;
}
