// links: analyzer/live.c analyzer/live_order.c analyzer/live_history.c analyzer/live_recent.c
// links: analyzer/live_table.c analyzer/live_pool.c
// Records per second of the live set, and its bytes per live block, for traffic of several shapes. Prints one
// line each. A plain program, not a test: build it like a unit test. An argument picks the shapes whose name
// contains it.
#include "analyzer/live.h"
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 4096, MOST_RINGS = 64, EPOCHS = 1 << 16 };
#define FIRST_ADDRESS 0x7f0000000000ull

static uint64_t epochs[EPOCHS];
static uint64_t pending[MOST_RINGS];

static uint64_t *epoch_of(uint64_t address) {
    return &epochs[(address * 0x9e3779b97f4a7c15ull) >> 48];
}

static struct wire_record acquire(uint64_t address, uint64_t bytes) {
    return (struct wire_record){.address = address,
                                .bytes = bytes,
                                .epoch = *epoch_of(address),
                                .stack = (uint32_t)bytes,
                                .kind = RECORD_ACQUIRE,
                                .call = CALL_malloc};
}

static struct wire_record release(uint64_t address) {
    return (struct wire_record){
        .address = address, .epoch = (*epoch_of(address))++, .kind = RECORD_RELEASE, .call = CALL_free};
}

// What the rings hold, in the order in which the analyzer reads it.
struct traffic {
    struct wire_record *records;
    size_t count;
    size_t round; // records per round
    size_t batch; // records of one ring at a time
    size_t skip;  // records that come before the traffic that is timed
};

static struct traffic make_traffic(size_t count, size_t round, size_t batch) {
    return (struct traffic){calloc(count, sizeof(struct wire_record)), count, round, batch, 0};
}

// Each of `rings` threads holds `window` / `rings` blocks; over and over it gives one of them back and
// acquires another at the address that was given back last, by itself or, if shared, by any thread (as with
// one heap for all). In true time the rings take turns; the reader sees a batch of each.
static struct traffic churn(size_t count, size_t window, size_t rings, int shared, uint64_t stride) {
    size_t round = rings * BATCH, fill = (window + round - 1) / round * round, each = fill / rings;
    struct traffic traffic = make_traffic(fill + count / round * round, round, BATCH);
    traffic.skip = fill;
    uint64_t *held = calloc(fill, sizeof *held), *spare = calloc(rings, sizeof *spare);
    spare[0] = FIRST_ADDRESS - stride;
    for (size_t i = 0; i < traffic.count; i++) {
        size_t in_round = i % round, turn = in_round / rings, ring = in_round % rings;
        struct wire_record *record = &traffic.records[i - in_round + ring * BATCH + turn];
        uint64_t *stock = &spare[shared ? 0 : ring];
        if (i < fill) {
            size_t place = ring * each + i / round * BATCH + turn;
            held[place] = FIRST_ADDRESS + i * stride;
            *record = acquire(held[place], 24);
        } else if (turn % 2 == 0) {
            uint64_t *given = &held[ring * each + random_next() % (window / rings)], address = *given;
            *record = release(address);
            // Shared: takes the place's old address out and leaves the one last given back in it, to be
            // acquired next.
            *given = shared ? *stock : address;
            *stock = address;
            pending[ring] = *given;
        } else {
            *record = acquire(pending[ring], 24);
        }
    }
    free(held);
    free(spare);
    return traffic;
}

// All blocks first, then all releases: in the same order, reversed, or shuffled.
static struct traffic fill_and_empty(size_t blocks, int order, uint64_t stride) {
    struct traffic traffic = make_traffic(2 * blocks, 8 * BATCH, BATCH);
    uint64_t *address = calloc(blocks, sizeof *address);
    for (size_t i = 0; i < blocks; i++) {
        address[i] = FIRST_ADDRESS + i * stride;
        traffic.records[i] = acquire(address[i], 24);
    }
    if (order == 2)
        for (size_t i = blocks - 1; i > 0; i--) {
            size_t other = (size_t)(random_next() % (i + 1));
            uint64_t swapped = address[i];
            address[i] = address[other];
            address[other] = swapped;
        }
    for (size_t i = 0; i < blocks; i++)
        traffic.records[blocks + i] = release(address[order == 1 ? blocks - 1 - i : i]);
    free(address);
    return traffic;
}

// One thread acquires, another releases, `addresses` in turn; the reader sees one ring's whole batch, then
// the other's.
static struct traffic hand_over(size_t count, size_t addresses, int releases_first) {
    struct traffic traffic = make_traffic(count / (2 * BATCH) * 2 * BATCH, 2 * BATCH, BATCH);
    for (size_t i = 0; i < traffic.count / 2; i++) {
        size_t round = i / BATCH, turn = i % BATCH;
        uint64_t address = FIRST_ADDRESS + i % addresses * 64;
        traffic.records[round * 2 * BATCH + turn + (releases_first ? BATCH : 0)] = acquire(address, 100);
        traffic.records[round * 2 * BATCH + turn + (releases_first ? 0 : BATCH)] = release(address);
        ++*epoch_of(address); // as if others shared the bucket: no pair has equal epochs
    }
    return traffic;
}

// Releases of blocks that were never seen, over few addresses, then late acquires for them in any order.
static struct traffic waiting(size_t count, size_t addresses) {
    struct traffic traffic = make_traffic(count, 8 * BATCH, BATCH);
    for (size_t i = 0; i < count / 2; i++) {
        traffic.records[i] = release(FIRST_ADDRESS + i % addresses * 64);
        traffic.records[count - 1 - i] = traffic.records[i];
        traffic.records[count - 1 - i].kind = RECORD_ACQUIRE;
    }
    for (size_t i = count - 1; i > count / 2; i--) {
        size_t other = count / 2 + (size_t)(random_next() % (i - count / 2 + 1));
        struct wire_record swapped = traffic.records[i];
        traffic.records[i] = traffic.records[other];
        traffic.records[other] = swapped;
    }
    return traffic;
}

static int wants(const char *name, const char *wanted) {
    return !wanted || strstr(name, wanted);
}

static void run(const char *name, struct traffic traffic) {
    double best = 1e9;
    struct live_counts counts;
    size_t memory = 0, blocks = 0;
    for (int again = 0; again < 3; again++) {
        struct live_set *set = live_new(0);
        double begin = now();
        for (size_t i = 0; i < traffic.count; i += traffic.batch) {
            size_t left = traffic.count - i;
            if (i == traffic.skip)
                begin = now();
            live_apply_many(set, traffic.records + i, left < traffic.batch ? left : traffic.batch);
            if ((i + traffic.batch) % traffic.round == 0)
                live_end_round(set);
        }
        double seconds = now() - begin;
        if (seconds < best)
            best = seconds;
        live_settle(set);
        live_count(set, &counts);
        memory = live_memory(set);
        blocks = counts.live_blocks;
        live_free(set);
    }
    printf("%-44s %7.1f M records/s  %9zu live  %9zu kB  waiting %llu superseded %llu\n", name,
           (double)(traffic.count - traffic.skip) / best / 1e6, blocks, memory >> 10,
           (unsigned long long)counts.waiting_releases, (unsigned long long)counts.superseded);
    free(traffic.records);
}

static void measure_memory(size_t blocks) {
    struct live_set *set = live_new(0);
    double worst = 0;
    for (size_t i = 0; i < blocks; i++) {
        struct wire_record record = acquire(FIRST_ADDRESS + i * 48, 24);
        live_apply(set, &record);
        if (i >= 10000 && (double)live_memory(set) / (double)(i + 1) > worst)
            worst = (double)live_memory(set) / (double)(i + 1);
    }
    printf("bytes per live block, %zu blocks: %.1f at the end, %.1f at worst since 10,000\n", blocks,
           (double)live_memory(set) / (double)blocks, worst);
    live_free(set);
}

int main(int argc, char **argv) {
    const char *wanted = argc > 1 ? argv[1] : NULL;
    const size_t count = 20 * 1000 * 1000;
    static const size_t windows[] = {1000, 10000, 100000};
    for (size_t i = 0; i < 3; i++) {
        char name[100];
        snprintf(name, sizeof name, "churn, 1 ring, window %zu", windows[i]);
        if (wants(name, wanted))
            run(name, churn(count, windows[i], 1, 0, 64));
        snprintf(name, sizeof name, "churn, 8 rings, window %zu", windows[i]);
        if (wants(name, wanted))
            run(name, churn(count, windows[i], 8, 0, 64));
        snprintf(name, sizeof name, "churn, 8 rings sharing, window %zu", windows[i]);
        if (wants(name, wanted))
            run(name, churn(count, windows[i], 8, 1, 64));
    }
    if (wants("churn, 8 rings, window 100000, pages", wanted))
        run("churn, 8 rings, window 100000, pages", churn(count, 100000, 8, 0, 4096));
    if (wants("churn, 64 rings, window 100000", wanted))
        run("churn, 64 rings, window 100000", churn(count, 100000, 64, 0, 64));
    if (wants("churn, 8 rings, 5 million live", wanted))
        run("churn, 8 rings, 5 million live", churn(2 * count, 5000000, 8, 0, 64));
    if (wants("fill and empty, 1 million, in order", wanted))
        run("fill and empty, 1 million, in order", fill_and_empty(1000000, 0, 48));
    if (wants("fill and empty, 1 million, reversed", wanted))
        run("fill and empty, 1 million, reversed", fill_and_empty(1000000, 1, 48));
    if (wants("fill and empty, 1 million, shuffled", wanted))
        run("fill and empty, 1 million, shuffled", fill_and_empty(1000000, 2, 48));
    if (wants("fill and empty, 5 million, shuffled", wanted))
        run("fill and empty, 5 million, shuffled", fill_and_empty(5000000, 2, 48));
    if (wants("fill and empty, 1 million pages, reversed", wanted))
        run("fill and empty, 1 million pages, reversed", fill_and_empty(1000000, 1, 4096));
    if (wants("hand over 1 address, acquires read first", wanted))
        run("hand over 1 address, acquires read first", hand_over(count, 1, 0));
    if (wants("hand over 1 address, releases read first", wanted))
        run("hand over 1 address, releases read first", hand_over(count, 1, 1));
    if (wants("hand over 1000 addresses, acquires first", wanted))
        run("hand over 1000 addresses, acquires first", hand_over(count, 1000, 0));
    if (wants("waiting releases, 1 address, late acquires", wanted))
        run("waiting releases, 1 address, late acquires", waiting(2000000, 1));
    if (wants("waiting releases, 1 million addresses", wanted))
        run("waiting releases, 1 million addresses", waiting(2000000, 1000000));
    if (!wanted) {
        measure_memory(1000000);
        measure_memory(6500000);
    }
}
