// flags: -pthread
// Each case maps and unmaps in one way; what it leaves, tests/e2e/test_map_calls.c knows. Each mapping is
// made in a function whose name says what becomes of it.
#define _GNU_SOURCE
#include "tests/programs/cases.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))
#define PAGE     4096ul

static void require(int good, const char *what) {
    if (!good) {
        perror(what);
        exit(1);
    }
}

NOINLINE static char *maps(unsigned long pages) {
    char *start = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(start != MAP_FAILED, "mmap");
    memset(start, 1, pages * PAGE);
    return start;
}

NOINLINE static char *maps_over(char *where, unsigned long pages) {
    char *start = mmap(where, pages * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    require(start == where, "mmap");
    return start;
}

static void kept_and_given_back(void) {
    char *given = maps(3);
    maps(5);
    require(munmap(given, 3 * PAGE) == 0, "munmap");
}

NOINLINE static void mapped_by_mmap64(void) {
    require(mmap64(NULL, 2 * PAGE - 5, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED, "mmap64");
}

static void failed(void) {
    errno = 0;
    require(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL,
            "length 0");
    require(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0) == MAP_FAILED && errno == EBADF, "no file");
    require(mmap64(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0) == MAP_FAILED && errno == EBADF, "no file");
    char *kept = maps(4);
    require(munmap(kept + 1, PAGE) == -1 && errno == EINVAL, "unaligned");
    require(mremap(kept, PAGE, 0, 0) == MAP_FAILED && errno == EINVAL, "to nothing");
    require(mremap(kept, PAGE, PAGE, MREMAP_FIXED, kept) == MAP_FAILED && errno == EINVAL,
            "fixed, not movable");
    require(shmdt(kept) == -1 && errno == EINVAL, "no attachment");
    require(shmat(-1, NULL, 0) == (void *)-1 && errno == EINVAL, "no segment");
    require(sbrk(INTPTR_MAX) == (void *)-1 && errno == ENOMEM, "no room");
    require(brk((void *)-PAGE) == -1 && errno == ENOMEM, "no room");
}

// At the kernel's limit of mappings one can't be split any more.
static void failed_for_want_of_room(void) {
    char *kept = maps(3);
    while (mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        ;
    int bad = munmap(kept + PAGE, PAGE), why = errno;
    require(bad == -1 && why == ENOMEM, "munmap at the limit");
    _exit(0);
}

static void trimmed(void) {
    char *start = maps(9);
    require(munmap(start, PAGE) == 0 && munmap(start + 8 * PAGE, PAGE) == 0 &&
                munmap(start + 4 * PAGE, PAGE) == 0,
            "munmap");
}

NOINLINE static void three_of_one(char **start) {
    for (int i = 0; i < 3; i++)
        start[i] = maps_over(start[0] + 2 * (unsigned long)i * PAGE, 2);
}

static void one_munmap_over_many(void) {
    char *start[3] = {maps(6)};
    three_of_one(start);
    require(munmap(start[0] + PAGE, 4 * PAGE) == 0, "munmap");
}

static void fixed_over_others(void) {
    char *start = maps(8);
    maps_over(start + 2 * PAGE, 3);
}

NOINLINE static void *grown(void) {
    char *start = maps(2);
    return mremap(start, 2 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
}

NOINLINE static void *shrunk(void) {
    char *start = maps(8);
    return mremap(start, 8 * PAGE, 3 * PAGE, 0);
}

NOINLINE static void *moved(void) {
    char *start = maps(4), *place = maps(6);
    return mremap(start, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place + PAGE);
}

NOINLINE static void *left_behind(void) {
    char *start = maps(4);
    return mremap(start, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
}

NOINLINE static void *duplicated(void) {
    char *start = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return mremap(start, 0, 4 * PAGE, MREMAP_MAYMOVE);
}

static void remapped(void *(*how)(void)) {
    require(how() != MAP_FAILED, "mremap");
}

NOINLINE static char *attached(int id) {
    char *start = shmat(id, NULL, 0);
    require(start != (void *)-1, "shmat");
    return start;
}

static void shared_segments(void) {
    int id = shmget(IPC_PRIVATE, 3 * PAGE - 100, IPC_CREAT | 0600);
    require(id >= 0, "shmget");
    char *one = attached(id);
    attached(id);
    require(shmctl(id, IPC_RMID, NULL) == 0 && shmdt(one) == 0, "shmdt");
}

NOINLINE static char *moves_the_break(void) {
    char *before = sbrk(10000);
    require(before != (void *)-1 && sbrk(-3000) == before + 10000 && sbrk(0) == before + 7000, "sbrk");
    return before;
}

static void program_break(void) {
    char *before = moves_the_break();
    require(brk(before + 20000) == 0 && brk(before + 5000) == 0, "brk");
}

static void unmapped_unseen(void) {
    char *start = maps(6);
    require(syscall(SYS_munmap, start + PAGE, 2 * PAGE) == 0, "munmap");
    char *whole = maps(2);
    require(syscall(SYS_munmap, whole, 2 * PAGE) == 0, "munmap");
}

// One of the two is never touched.
static void mapped_unseen(void) {
    maps(1);
    char *seen = NULL;
    for (int i = 0; i < 2; i++) {
        seen = (char *)syscall(SYS_mmap, NULL, (i + 2) * 16 * 1024 * 1024,
                               i ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);
        require(seen != MAP_FAILED, "mmap");
        if (i == 0)
            *seen = 1;
    }
}

NOINLINE static void by_handler(int signal) {
    (void)signal;
    static void *volatile latest; // not the last call, which would leave no frame
    latest = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void in_a_handler(void) {
    signal(SIGUSR1, by_handler);
    for (int i = 0; i < 100; i++)
        raise(SIGUSR1);
}

static void *churn(void *unused) {
    for (int i = 0; i < 2000; i++) {
        char *start = maps(2);
        require(munmap(start, PAGE) == 0 && munmap(start + PAGE, PAGE) == 0, "munmap");
    }
    maps(1);
    return unused;
}

// Threads are handed addresses that others gave back a moment ago.
static void many_threads(void) {
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        require(pthread_create(&threads[i], NULL, churn, NULL) == 0, "pthread_create");
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
}

NOINLINE static void mapped_by_child(void) {
    maps(7);
}

static void forked(void) {
    char *parents = maps(3);
    if (fork() == 0) {
        munmap(parents, 3 * PAGE); // none of the child's, and the parent keeps it
        mapped_by_child();
        exit(0);
    }
    wait(NULL);
}

static void vforked(void) {
    if (vfork() == 0) {
        mapped_by_child(); // in the memory of both
        _exit(0);
    }
    wait(NULL);
}

NOINLINE static void maps_a_file(int fd, int times) {
    for (int i = 0; i < times; i++)
        require(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED, "mmap");
}

static void same_file(void) {
    int fd = open("/proc/self/exe", O_RDONLY);
    maps_a_file(fd, 1000);
    close(fd);
}

static void killed(void) {
    maps(5);
    raise(SIGKILL);
}

static void remapped_in_all_ways(void) {
    remapped(grown);
    remapped(shrunk);
    remapped(moved);
    remapped(left_behind);
    remapped(duplicated);
}

int main(int argc, char **argv) {
    static const struct program_case cases[] = {
        {"kept", kept_and_given_back},
        {"mmap64", mapped_by_mmap64},
        {"failed", failed},
        {"limit", failed_for_want_of_room},
        {"trimmed", trimmed},
        {"over_many", one_munmap_over_many},
        {"fixed", fixed_over_others},
        {"mremap", remapped_in_all_ways},
        {"shm", shared_segments},
        {"break", program_break},
        {"unseen", unmapped_unseen},
        {"mapped_unseen", mapped_unseen},
        {"handler", in_a_handler},
        {"threads", many_threads},
        {"fork", forked},
        {"vfork", vforked},
        {"file", same_file},
        {"killed", killed},
    };
    named_case(cases, sizeof cases / sizeof *cases, argc > 1 ? argv[1] : NULL)->run();
    return 0;
}
