// links: analyzer/live.c analyzer/live_order.c analyzer/live_history.c analyzer/live_recent.c
// links: analyzer/live_table.c analyzer/live_pool.c
//
// The live set against the truth. A simulated program runs 2 to 16 threads over a few addresses, step by
// step, so that a thread can be interrupted between any two steps of a hook: taking the epoch, the real call,
// publishing. A simulated analyzer reads the rings in rounds in between. At the end the live set must hold
// exactly the blocks that the program holds. SEEP_MODEL_EVENTS sets the number of events (default: a second's
// worth), SEEP_MODEL_SEED the first seed.
#include "analyzer/live.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

enum { MOST_THREADS = 16, MOST_ADDRESSES = 64, RING_SLOTS = 64, NURSERY = 16, ADDRESS_STEP = 16 };
enum { DEFAULT_EVENTS = 3000000, EVENTS_PER_WORLD = 20000 };

enum owner {
    OWNER_NONE,
    OWNER_PROGRAM,
    OWNER_CALL
}; // CALL: a thread is giving it back or has not returned it yet

struct cell { // one address
    enum owner owner;
    bool in_use; // by the allocator
    bool known;  // acquired under the tool
    uint64_t bytes;
    uint32_t stack;
};

enum step { IDLE, GOT_BLOCK, GOT_EPOCH, TAKEN_BACK, RELEASED, MOVING, MOVED, MOVED_EPOCH };

struct thread {
    enum step step;
    unsigned address, other; // other: what a realloc gave
    bool bypass;             // this release is not seen by any hook
    uint64_t release_epoch;
    struct wire_record made; // acquire that is being recorded
    struct wire_record ring[RING_SLOTS];
    uint64_t head, tail;
    struct wire_record nursery[NURSERY];
    unsigned young;
    bool covered; // in this round its ring was read when it was not inside a realloc
};

struct world {
    uint64_t random;
    unsigned threads, addresses, buckets;
    bool nurseries; // acquires may be held back
    bool bypasses;  // some releases are not recorded
    bool reallocs;
    unsigned eagerness; // of the reader, of 64
    struct cell cell[MOST_ADDRESSES];
    uint64_t epoch[MOST_ADDRESSES];
    struct thread thread[MOST_THREADS];
    uint32_t next_stack;
    uint64_t unknown_frees, hidden_frees, published;
    struct live_set *set;
};

static uint64_t pick(struct world *w, uint64_t below) {
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return (w->random >> 11) % below;
}

static uint64_t address_of(unsigned index) {
    return 0x10000 + (uint64_t)index * ADDRESS_STEP;
}

static uint64_t *epoch_of(struct world *w, unsigned index) {
    return &w->epoch[index % w->buckets];
}

static bool ring_has_room(const struct thread *t, unsigned slots) {
    return t->head - t->tail + slots <= RING_SLOTS;
}

static void publish(struct world *w, struct thread *t, const struct wire_record *record) {
    t->ring[t->head++ % RING_SLOTS] = *record;
    w->published++;
}

static void publish_release(struct world *w, struct thread *t) {
    struct wire_record record = {.address = address_of(t->address),
                                 .epoch = t->release_epoch,
                                 .kind = RECORD_RELEASE,
                                 .call = CALL_free};
    publish(w, t, &record);
}

static void flush_one(struct world *w, struct thread *t, unsigned index) {
    publish(w, t, &t->nursery[index]);
    t->nursery[index] = t->nursery[--t->young];
}

// An address held back twice would be published in either order: the older one goes first, as it would be
// evicted.
static void hold_back(struct world *w, struct thread *t) {
    for (unsigned i = 0; i < t->young; i++)
        if (t->nursery[i].address == t->made.address) {
            flush_one(w, t, i);
            break;
        }
    if (t->young == NURSERY)
        flush_one(w, t, (unsigned)pick(w, NURSERY));
    t->nursery[t->young++] = t->made;
}

static void record_acquire(struct world *w, struct thread *t) {
    if (w->nurseries && pick(w, 4) != 0)
        hold_back(w, t);
    else
        publish(w, t, &t->made);
}

// Cancels the acquire of a block in its own thread's nursery if no release has left any thread since.
static bool cancel(struct world *w, struct thread *t, unsigned index) {
    for (unsigned i = 0; i < t->young; i++)
        if (t->nursery[i].address == address_of(index) && t->nursery[i].epoch == *epoch_of(w, index)) {
            t->nursery[i] = t->nursery[--t->young];
            return true;
        }
    return false;
}

static void fill_block(struct world *w, struct thread *t, unsigned index) {
    struct cell *cell = &w->cell[index];
    *cell = (struct cell){
        .owner = OWNER_CALL, .in_use = true, .known = true, .bytes = pick(w, 100), .stack = ++w->next_stack};
    t->made = (struct wire_record){.address = address_of(index),
                                   .bytes = cell->bytes,
                                   .stack = cell->stack,
                                   .kind = RECORD_ACQUIRE,
                                   .call = CALL_malloc};
}

static void start_call(struct world *w, struct thread *t) {
    unsigned index = (unsigned)pick(w, w->addresses);
    struct cell *cell = &w->cell[index];
    if (!ring_has_room(t, 4) || (cell->in_use && cell->owner != OWNER_PROGRAM))
        return;
    t->address = index;
    if (!cell->in_use) {
        fill_block(w, t, index);
        t->step = GOT_BLOCK;
        return;
    }
    cell->owner = OWNER_CALL;
    t->bypass = w->bypasses && pick(w, 8) == 0;
    t->step = w->reallocs && !t->bypass && pick(w, 3) == 0 ? MOVING : TAKEN_BACK;
    if (t->step == MOVING)
        t->release_epoch = (*epoch_of(w, index))++;
}

static void note_free(struct world *w, const struct cell *cell, bool hidden) {
    if (hidden)
        w->hidden_frees += cell->known;
    else
        w->unknown_frees += !cell->known;
}

static void give_back(struct world *w, struct thread *t) { // the hook's part, before the real free
    note_free(w, &w->cell[t->address], t->bypass);
    t->step = RELEASED;
    if (t->bypass || cancel(w, t, t->address))
        return;
    t->release_epoch = (*epoch_of(w, t->address))++;
    publish_release(w, t);
}

static void move(struct world *w, struct thread *t) { // the real realloc
    unsigned index = (unsigned)pick(w, w->addresses);
    if (pick(w, 8) == 0) { // it fails: nothing was recorded, the epoch has moved
        w->cell[t->address].owner = OWNER_PROGRAM;
        t->step = IDLE;
        return;
    }
    if (w->cell[index].in_use)
        index = t->address; // grows in place
    note_free(w, &w->cell[t->address], false);
    w->cell[t->address].in_use = false;
    fill_block(w, t, index);
    t->other = index;
    t->step = MOVED;
}

static void advance(struct world *w, struct thread *t) {
    switch (t->step) {
    case IDLE:
        if (w->nurseries && t->young && pick(w, 32) == 0 && ring_has_room(t, 1))
            flush_one(w, t, (unsigned)pick(w, t->young));
        else
            start_call(w, t);
        return;
    case GOT_BLOCK:
        t->made.epoch = *epoch_of(w, t->address);
        t->step = GOT_EPOCH;
        return;
    case GOT_EPOCH:
        if (!ring_has_room(t, 2))
            return;
        record_acquire(w, t);
        w->cell[t->address].owner = OWNER_PROGRAM;
        t->step = IDLE;
        return;
    case TAKEN_BACK:
        if (ring_has_room(t, 1))
            give_back(w, t);
        return;
    case RELEASED:
        w->cell[t->address].in_use = false;
        t->step = IDLE;
        return;
    case MOVING:
        move(w, t);
        return;
    case MOVED:
        t->made.epoch = *epoch_of(w, t->other);
        t->step = MOVED_EPOCH;
        return;
    case MOVED_EPOCH:
        if (!ring_has_room(t, 4))
            return;
        publish_release(w, t);
        record_acquire(w, t);
        w->cell[t->other].owner = OWNER_PROGRAM;
        t->step = IDLE;
        return;
    }
}

static void check_counts(struct world *w) {
    struct live_counts c;
    live_count(w->set, &c);
    uint64_t matched = c.released - c.waiting_releases;
    ck_assert_uint_eq(c.acquired - matched - c.superseded, c.live_blocks);
    ck_assert_uint_ge(c.peak_bytes, c.live_bytes);
    ck_assert_uint_le(c.peak_bytes, 100u * MOST_ADDRESSES);
}

// Reads one ring to the head of this moment, then sees whether the round is complete.
static void read_some(struct world *w) {
    struct thread *t = &w->thread[pick(w, w->threads)];
    if (t->covered && pick(w, 4) != 0)
        return; // mostly once per round, the least that is promised
    // With nurseries a round waits for reallocs that are under way, see docs/ordering.md.
    t->covered |= !w->nurseries || t->step < MOVING;
    struct wire_record batch[RING_SLOTS];
    size_t count = 0;
    while (t->tail < t->head)
        batch[count++] = t->ring[t->tail++ % RING_SLOTS];
    ck_assert_uint_eq(live_apply_many(w->set, batch, count), 0);
    for (unsigned i = 0; i < w->threads; i++)
        if (!w->thread[i].covered)
            return;
    for (unsigned i = 0; i < w->threads; i++)
        w->thread[i].covered = false;
    live_end_round(w->set);
    check_counts(w);
}

// The program comes to rest: every call ends, what was held back is published, everything is read.
static void finish(struct world *w) {
    for (unsigned i = 0; i < w->threads; i++) {
        struct thread *t = &w->thread[i];
        while (t->step != IDLE || t->young || t->head != t->tail) {
            if (t->step != IDLE)
                advance(w, t);
            else if (t->young && ring_has_room(t, 1))
                flush_one(w, t, (unsigned)pick(w, t->young));
            for (unsigned reads = 0; reads < 2 * w->threads; reads++)
                read_some(w);
        }
    }
    live_settle(w->set);
}

struct found {
    struct world *w;
    bool seen[MOST_ADDRESSES];
    uint64_t blocks;
};

static void check_block(void *context, const struct live_block *block) {
    struct found *found = context;
    unsigned index = (unsigned)((block->address - 0x10000) / ADDRESS_STEP);
    const struct cell *cell = &found->w->cell[index];
    ck_assert_uint_lt(index, found->w->addresses);
    ck_assert(!found->seen[index]);
    found->seen[index] = true;
    found->blocks++;
    if (found->w->bypasses)
        return; // which of two acquires of one epoch is the later one, only one thread's order could tell
    ck_assert_msg(cell->in_use && cell->known, "address %u is not held", index);
    ck_assert_uint_eq(block->bytes, cell->bytes);
    ck_assert_uint_eq(block->stack, cell->stack);
    ck_assert_uint_eq(block->call, CALL_malloc);
}

static void check_end(struct world *w) {
    struct found found = {.w = w};
    struct live_counts c;
    uint64_t held = 0, hidden_last = 0;
    live_count(w->set, &c);
    live_each(w->set, check_block, &found);
    for (unsigned i = 0; i < w->addresses; i++) {
        held += w->cell[i].in_use && w->cell[i].known;
        if (found.seen[i])
            hidden_last += !w->cell[i].in_use;
        else
            ck_assert_msg(!w->cell[i].in_use || !w->cell[i].known, "address %u is held and was lost", i);
    }
    check_counts(w);
    ck_assert_uint_eq(found.blocks, c.live_blocks);
    ck_assert_uint_eq(c.waiting_releases, w->unknown_frees);
    // A hidden free shows as superseded, or, where its address was not acquired again, as a block that looks
    // held.
    ck_assert_uint_eq(found.blocks, held + hidden_last);
    ck_assert_uint_eq(c.superseded + hidden_last, w->hidden_frees);
}

// A world of its own per seed: sizes and habits vary as well.
static uint64_t run_world(uint64_t seed, bool nurseries, bool bypasses, bool reallocs) {
    static struct world world;
    struct world *w = &world;
    *w = (struct world){.random = seed * 0x9e3779b97f4a7c15ull + 1,
                        .nurseries = nurseries,
                        .bypasses = bypasses,
                        .reallocs = reallocs,
                        .set = live_new(0)};
    for (int i = 0; i < 8; i++)
        pick(w, 2);
    w->threads = 2 + (unsigned)pick(w, MOST_THREADS - 1);
    w->addresses = 1 + (unsigned)pick(w, pick(w, 2) ? 4 : MOST_ADDRESSES);
    w->buckets = 1 + (unsigned)pick(w, w->addresses);
    w->eagerness = 1 + (unsigned)pick(w, 63);
    for (unsigned i = 0; i < w->addresses; i++)
        if (pick(w, 3) == 0)
            w->cell[i] = (struct cell){.owner = OWNER_PROGRAM, .in_use = true};
    unsigned favourite = 0;
    for (unsigned step = 0; step < EVENTS_PER_WORLD; step++) {
        if (pick(w, 64) < w->eagerness)
            read_some(w);
        // Threads run for a while, or are put aside in the middle of a hook.
        if (pick(w, 16) == 0)
            favourite = (unsigned)pick(w, w->threads);
        advance(w, &w->thread[pick(w, 4) ? favourite : pick(w, w->threads)]);
    }
    finish(w);
    check_end(w);
    live_free(w->set);
    return w->published;
}

static uint64_t from_environment(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void run_worlds(bool nurseries, bool bypasses, bool reallocs) {
    uint64_t events = from_environment("SEEP_MODEL_EVENTS", DEFAULT_EVENTS) / 4, done = 0;
    for (uint64_t seed = from_environment("SEEP_MODEL_SEED", 1); done < events; seed++)
        done += run_world(seed, nurseries, bypasses, reallocs);
}

START_TEST(records_straight_from_the_hooks_give_the_truth) {
    run_worlds(false, false, true);
}
END_TEST

START_TEST(acquires_held_back_arbitrarily_long_give_the_truth) {
    run_worlds(true, false, false);
}
END_TEST

START_TEST(acquires_held_back_beside_reallocs_give_the_truth) {
    run_worlds(true, false, true);
}
END_TEST

START_TEST(frees_that_no_hook_saw_are_counted_as_superseded) {
    run_worlds(false, true, false);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_set_timeout(tests, 0); // a long run is the caller's wish
    tcase_add_test(tests, records_straight_from_the_hooks_give_the_truth);
    tcase_add_test(tests, acquires_held_back_arbitrarily_long_give_the_truth);
    tcase_add_test(tests, acquires_held_back_beside_reallocs_give_the_truth);
    tcase_add_test(tests, frees_that_no_hook_saw_are_counted_as_superseded);
}
SEEP_TEST_MAIN("live model")
