// links: analyzer/verdict/classify.c analyzer/verdict/classify_read.c analyzer/verdict/classify_decide.c
// links: analyzer/verdict/block_index.c analyzer/verdict/block_find.c analyzer/verdict/instructions.c analyzer/verdict/address_spans.c analyzer/verdict/arrays.c analyzer/verdict/word_filter.c analyzer/verdict/pointers.c
// links: analyzer/verdict/vtables.c analyzer/verdict/window.c analyzer/verdict/mappings.c
// How fast blocks are classified: heaps of several shapes, held by another process and read with
// process_vm_readv, as in earnest. For each the time to read (the target stands still) and to decide, per
// gigabyte and per block, in processor time; and how much longer ten times the heap takes. An argument picks
// the shapes whose name contains it; a second one makes the heaps so many times as large.
#include "analyzer/verdict/classify.h"
#include "analyzer/verdict/arrays.h"
#include "tests/bench/bench.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

struct shape {
    const char *name;
    size_t blocks;
    unsigned least, most; // bytes of a block
    unsigned pointers;    // of 100 words; the others are numbers, text and pointers to code
    unsigned near;        // of 100 pointers lead to one of the 64 next blocks, the others anywhere
    unsigned live;        // of 100 blocks, the others are gaps
};

struct heap {
    unsigned char *memory;
    size_t bytes, live_bytes;
    struct classify_block *blocks;
    size_t count;
};

static uint64_t plain_word(uint64_t dice) {
    switch (dice >> 8 & 7) {
    case 0:
    case 1:
    case 2:
        return 0;
    case 3:
    case 4:
        return dice >> 50; // a small number
    case 5:
        return 0x7f3a12000000ull + (dice >> 44); // into a library
    default:
        return dice ^ dice << 7; // text, floating point
    }
}

static void fill(const struct shape *shape, struct heap *heap, size_t block) {
    uint64_t *words =
        (uint64_t *)(void *)(heap->memory + (heap->blocks[block].address - (uint64_t)heap->memory));
    for (size_t i = 0; i < heap->blocks[block].bytes / 8; i++) {
        uint64_t dice = random_next();
        if (dice % 100 >= shape->pointers) {
            words[i] = plain_word(dice);
            continue;
        }
        size_t other = dice >> 32 & 0xffff;
        other = other % 100 < shape->near ? (block + (dice >> 48) % 64) % heap->count
                                          : random_next() % heap->count;
        words[i] = heap->blocks[other].address + (dice >> 60 == 0 ? 8 : 0);
    }
}

static struct heap make_heap(const struct shape *shape, size_t blocks) {
    struct heap heap = {.blocks = verdict_allocate(blocks, sizeof *heap.blocks)};
    size_t room = blocks * ((size_t)shape->most + 32);
    heap.memory =
        mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (heap.memory == MAP_FAILED || !heap.blocks)
        exit(1);
    size_t at = 16;
    for (size_t i = 0; i < blocks; i++) {
        size_t bytes = shape->least + random_next() % (shape->most - shape->least + 1);
        if (random_next() % 100 < shape->live) {
            heap.blocks[heap.count++] = (struct classify_block){(uint64_t)(heap.memory + at), bytes};
            heap.live_bytes += bytes;
        }
        at += (bytes + 8 + 15) & ~15ul;
    }
    heap.bytes = at;
    for (size_t i = 0; i < heap.count; i++)
        fill(shape, &heap, i);
    return heap;
}

static ssize_t read_other(void *context, uint64_t address, void *buffer, size_t bytes) {
    struct iovec here = {buffer, bytes}, there = {(void *)address, bytes};
    return process_vm_readv(*(pid_t *)context, &here, 1, &there, 1, 0);
}

struct times {
    double read, decide;
    struct classify_counts counts;
};

static struct times classify_once(struct heap *heap, pid_t pid) {
    uint64_t words[64];
    for (size_t i = 0; i < 64; i++)
        words[i] = heap->blocks[random_next() % heap->count].address;
    struct classify_input input = {.blocks = heap->blocks,
                                   .block_count = heap->count,
                                   .words = words,
                                   .word_count = 64,
                                   .read = read_other,
                                   .context = &pid,
                                   .heuristics = HEURISTICS_ALL};
    struct classify *result = NULL;
    struct times times;
    double begin = now();
    if (classify_read(&input, &result))
        exit(1);
    times.read = now() - begin;
    classify_decide(result);
    times.decide = now() - begin - times.read;
    classify_count(result, &times.counts);
    classify_free(result);
    return times;
}

// The best of three: the machine does other things as well. What the kernel needs to copy as much, at once,
// says what is possible.
static double measure(const struct shape *shape, size_t blocks) {
    struct heap heap = make_heap(shape, blocks);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    struct times best = {1e9, 1e9, {0}};
    for (int again = 0; again < 3; again++) {
        struct times times = classify_once(&heap, pid);
        if (times.read + times.decide < best.read + best.decide)
            best = times;
    }
    static unsigned char buffer[256 << 10];
    double begin = now();
    for (size_t at = 0; at < heap.bytes; at += sizeof buffer)
        read_other(&pid, (uint64_t)heap.memory + at, buffer,
                   heap.bytes - at < sizeof buffer ? heap.bytes - at : sizeof buffer);
    double copying = now() - begin, both = best.read + best.decide;
    printf("%-26s %9zu blocks %6.0f MB  read %6.3f s + decide %6.3f s  %5.2f GB/s, %4.0f ns a block  "
           "(copying alone %5.2f GB/s)  "
           "%.1f bytes a block, %.2f a pointer\n",
           shape->name, heap.count, (double)heap.live_bytes / 1e6, best.read, best.decide,
           (double)heap.live_bytes / both / 1e9, both / (double)heap.count * 1e9,
           (double)heap.bytes / copying / 1e9, (double)best.counts.memory_bytes / (double)heap.count,
           (double)best.counts.memory_bytes / (double)(best.counts.pointers ? best.counts.pointers : 1));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    munmap(heap.memory, blocks * ((size_t)shape->most + 32));
    free(heap.blocks);
    return both;
}

int main(int argc, char **argv) {
    static const struct shape shapes[] = {
        {"numbers, large blocks", 4000, 64 << 10, 512 << 10, 0, 0, 100},
        {"buffers, 0.2 to 3 kB", 500000, 200, 3000, 5, 80, 100},
        {"mixed, 24 to 200 bytes", 5000000, 24, 200, 20, 80, 100},
        {"mixed, pointers anywhere", 5000000, 24, 200, 20, 0, 100},
        {"lists, 24 to 48 bytes", 5000000, 24, 48, 50, 80, 100},
        {"half of it freed", 5000000, 24, 200, 20, 80, 50},
        {"a tenth is live", 5000000, 24, 200, 20, 80, 10},
        {"tables of pointers", 4000, 64 << 10, 128 << 10, 100, 50, 100},
    };
    // What was released must be gone: it would be copied, since the other process has it too.
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (argc > 1 && !strstr(shapes[i].name, argv[1]))
            continue;
        size_t blocks = shapes[i].blocks * (argc > 2 ? strtoul(argv[2], NULL, 10) : 1);
        double tenth = measure(&shapes[i], blocks / 10), whole = measure(&shapes[i], blocks);
        printf("%-26s ten times the heap takes %.1f times as long\n", "", whole / tenth);
    }
}
