// Maps memory right beside something else, so that the kernel makes one area of both, and keeps there the
// only pointer to a block of 200 bytes; blocks of 100 bytes are lost. Programs that include this link
// different allocators, and do what their argument says.
#pragma once
#define _GNU_SOURCE
#include "tests/programs/keep.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

enum { BESIDE_BYTES = 64 << 10, HELD = 200, LOST = 100 };

struct area {
    uintptr_t start, end;
};

// The area that address lies in; all 0: none. Allocates nothing.
static struct area area_of(const void *address) {
    static char text[1 << 20];
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    size_t got = 0;
    for (ssize_t more; fd >= 0 && (more = read(fd, text + got, sizeof text - 1 - got)) > 0;)
        got += (size_t)more;
    MUST(fd >= 0 && close(fd) == 0);
    text[got] = '\0';
    for (char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
        char *dash;
        struct area area = {.start = strtoul(line, &dash, 16)};
        area.end = strtoul(dash + 1, NULL, 16);
        if ((uintptr_t)address >= area.start && (uintptr_t)address < area.end)
            return area;
    }
    return (struct area){0};
}

// Memory that is one area with what address lies in. NULL: there is none to be had.
static void **map_beside(const void *address) {
    static const int kinds[] = {0, MAP_NORESERVE};
    struct area area = area_of(address);
    MUST(area.start);
    for (int way = 0; way < 4; way++) {
        void *wanted = (void *)(way % 2 ? area.start - BESIDE_BYTES : area.end);
        void *got = mmap(wanted, BESIDE_BYTES, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | kinds[way / 2], -1, 0);
        if (got != MAP_FAILED && area_of(address).start == area_of(got).start)
            return got;
        if (got != MAP_FAILED)
            munmap(got, BESIDE_BYTES);
    }
    return NULL;
}

OWN_FRAME static void lose(void) {
    void *volatile block = malloc(LOST);
    MUST(block != NULL);
    block = NULL;
}

static void **small_block(void) {
    lose();
    return map_beside(keep(malloc(50)));
}

static void **large_block(void) {
    lose();
    return map_beside(keep(malloc(4 << 20)));
}

static pthread_barrier_t ready;
static void *volatile in_thread; // lies in memory of the thread's

static void *waits_with_a_block(void *unused) {
    in_thread = malloc(50);
    pthread_barrier_wait(&ready);
    for (;;)
        pause();
    return unused;
}

static void **threads_block(void) {
    pthread_t thread;
    pthread_barrier_init(&ready, NULL, 2);
    MUST(pthread_create(&thread, NULL, waits_with_a_block, NULL) == 0);
    pthread_barrier_wait(&ready);
    lose();
    return map_beside(in_thread);
}

// What the program gets of the break lies between what the allocator gets.
static void **program_break(void) {
    void **memory = sbrk(BESIDE_BYTES + 4);
    MUST(memory != (void *)-1);
    free(keep(malloc(100 << 10)));
    lose();
    return memory;
}

// Deep enough that neither a frame nor the red zone reaches there again.
OWN_FRAME static void lose_in_dead_stack(void) {
    void *deep[512] = {0};
    void **block = keep(deep); // all of it must be there
    block[3] = malloc(LOST);
    MUST(block[3]);
    keep(deep);
}

static void *has_a_dead_stack(void *ends) {
    lose_in_dead_stack();
    in_thread = keep(&ends);
    pthread_barrier_wait(&ready);
    while (!ends)
        pause();
    return ends;
}

// The kernel puts a new mapping right below another, if no hole between others fits: a stack below the
// memory. Newer ones don't join stacks to what isn't meant for one.
static void **above_a_stack(bool ends, size_t bytes, size_t stack_bytes) {
    pthread_attr_t attributes;
    pthread_t thread;
    void **memory = NULL;
    MUST(pthread_attr_init(&attributes) == 0);
    MUST(!stack_bytes || pthread_attr_setstacksize(&attributes, stack_bytes) == 0);
    pthread_barrier_init(&ready, NULL, 2);
    for (int tries = 0; tries < 100; tries++) {
        memory =
            mmap(NULL, BESIDE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
        MUST(memory != MAP_FAILED);
        MUST(pthread_create(&thread, &attributes, has_a_dead_stack, ends ? &thread : NULL) == 0);
        pthread_barrier_wait(&ready);
        bool beside = area_of(in_thread).start == area_of(memory).start;
        MUST(!ends || pthread_join(thread, NULL) == 0);
        if (beside)
            return memory;
    }
    return ends ? memory : NULL;
}

static void **a_stack(void) {
    return above_a_stack(false, BESIDE_BYTES, 256 << 10);
}

// Some kernels align a stack of the usual size: then nothing lies beside it, and nothing else changes.
static void **an_ended_stack(void) {
    return above_a_stack(true, 16 << 20, 0);
}

#define CASE(name)                                                                                           \
    { #name, name }
static const struct {
    const char *name;
    void **(*memory)(void);
} cases[] = {
    CASE(small_block),   CASE(large_block), CASE(threads_block),
    CASE(program_break), CASE(a_stack),     CASE(an_ended_stack),
};

int main(int argc, char **argv) {
    MUST(argc == 2);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (!strcmp(argv[1], cases[i].name)) {
            void **memory = cases[i].memory();
            MUST(memory);
            memory[1000] = malloc(HELD);
            return 0;
        }
    return 2;
}
