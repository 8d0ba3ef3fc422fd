// links: preload/record.c preload/thread.c preload/attach.c preload/stack.c preload/stack_memo.c
// links: preload/stack_compare.c preload/stack_table.c preload/unwind.c preload/unwind_step.c
// links: preload/go_modules.c preload/go_rules.c preload/unwind_go.c
// links: preload/unwind_learn.c preload/unwind_objects.c preload/unwind_gate.c preload/derive.c preload/frame_rules.c
// links: analyzer/turnover.c analyzer/table.c analyzer/family.c analyzer/drain.c analyzer/live.c analyzer/live_order.c analyzer/live_history.c
// links: analyzer/live_recent.c analyzer/live_table.c analyzer/live_pool.c
// flags: -pthread
//
// What threads record with the real recording half is, after the real drain and the real live set, exactly
// what is true: the same blocks, bytes, stacks and totals. The world is that of nursery_world.h; small rings,
// so that producers wait. SEEP_NURSERY_EVENTS sets the number of events, SEEP_NURSERY_SEED the first seed,
// SEEP_NURSERY_KILLS the number of killed programs.
#include "tests/unit/nursery_world.h"

#include "analyzer/drain.h"
#include "analyzer/process.h"
#include "analyzer/turnover.h"
#include "preload/module.h"
#include "preload/unwind.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#if defined(__SANITIZE_THREAD__)
#define SANITIZED_THREADS 1
#elif defined(__has_feature)
#define SANITIZED_THREADS __has_feature(thread_sanitizer)
#else
#define SANITIZED_THREADS 0
#endif

enum { DEFAULT_EVENTS = SANITIZED_THREADS ? 300000 : 4000000, EVENTS_PER_LIFE = 40000, DEFAULT_KILLS = 150 };

static struct family *family;
static struct wire_board *page;
static uint64_t failures, finished, asked_to_reap, asked_to_stop;
static uint64_t events_wanted, seed;

// ---- in place of module.c and process.c ----

// Every site's code lies in no module. Called in the middle of an event, so here a signal strikes for
// certain.
uint32_t module_of(struct module_identity *scratch, uintptr_t address) {
    (void)scratch;
    (void)address;
    if (me && !me->busy && me->nesting < WORLD_NESTING && pick(me, 32) == 0)
        raise(SIGUSR1);
    return 0;
}

uint32_t module_unload_count;

// Nobody here opens or maps anything.
void ledger_take(struct ledger *ledger, const struct wire_record *record) {
    (void)ledger;
    ck_abort_msg("a record of kind %d", record->kind);
}

bool process_is_gone(const struct process *process) {
    struct pollfd poll_fd = {.fd = process->pidfd, .events = POLLIN};
    return poll(&poll_fd, 1, 0) == 1;
}

// ---- the truth and what was recorded ----

static void complain(const struct truth *of, const char *what, uint64_t recorded, uint64_t true_value) {
    if (__atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED) < 20)
        fprintf(stderr, "process %u: %s: recorded %lu, true %lu\n", of->pid, what, recorded, true_value);
}

struct comparison {
    const struct truth *truth;
    bool found[WORLD_ADDRESSES], open[WORLD_ADDRESSES]; // open: a thread was busy with it
    uint64_t open_count;
    uint64_t held, held_bytes;
};

static uint32_t index_of(uint64_t address) {
    for (uint32_t i = 0; i < WORLD_ADDRESSES; i++)
        if (address_of_index[i] == address)
            return i;
    return WORLD_ADDRESSES;
}

static void compare_block(void *context, const struct live_block *block) {
    struct comparison *c = context;
    uint32_t index = index_of(block->address);
    if (index == WORLD_ADDRESSES || c->found[index]) {
        complain(c->truth, "an address", block->address, 0);
        return;
    }
    c->found[index] = true;
    if (c->open[index])
        return;
    const struct cell *cell = &c->truth->cell[index];
    struct wire_stack_node node = {0};
    if (!cell->held)
        complain(c->truth, "a block that is not held", block->address, 0);
    else if (block->bytes != cell->bytes)
        complain(c->truth, "bytes", block->bytes, cell->bytes);
    else if (!family_node(family, block->stack, &node) || node.pc != WORLD_SITE_PC + cell->site)
        complain(c->truth, "stack", node.pc, WORLD_SITE_PC + cell->site);
}

static void note_doubts(struct comparison *c) {
    for (uint32_t i = 0; i < WORLD_ADDRESSES; i++)
        c->open[i] = c->truth->doubtful[i];
    c->open_count = c->truth->doubts;
}

static void note_intents(struct comparison *c) {
    for (uint32_t w = 0; w < WORLD_WORKERS; w++)
        for (uint32_t i = 0; i < 2 * (WORLD_NESTING + 1); i++) {
            uint32_t open = c->truth->account[w].intent[i / 2][i % 2];
            if (open)
                c->open[open - 1] = true;
            c->open_count += open != 0;
        }
}

static void compare_total(const struct comparison *c, const char *what, uint64_t recorded,
                          uint64_t true_value, uint64_t slack) {
    if (recorded + slack < true_value || recorded > true_value + slack)
        complain(c->truth, what, recorded, true_value);
}

// What each stack acquired, wherever it was counted.
static void compare_sites(const struct comparison *c, const struct process *process) {
    static uint64_t count[WORLD_SITES], bytes[WORLD_SITES];
    memset(count, 0, sizeof count);
    memset(bytes, 0, sizeof bytes);
    size_t entries;
    const struct turnover_entry *entry = turnover_entries(process->turnover, &entries);
    for (; entries--; entry++) {
        struct wire_stack_node node = {0};
        if (!family_node(family, entry->stack, &node) || node.pc - WORLD_SITE_PC >= WORLD_SITES) {
            complain(c->truth, "a stack of nobody", node.pc, 0);
            continue;
        }
        count[node.pc - WORLD_SITE_PC] += entry->count;
        bytes[node.pc - WORLD_SITE_PC] += entry->bytes;
    }
    // One event that was cut short is in one of two figures; of a pair that was being counted, too.
    uint64_t slack = c->open_count + !c->truth->complete;
    for (uint32_t i = 0; i < WORLD_SITES; i++) {
        compare_total(c, "acquired at a site", count[i], c->truth->acquired_at[i].count, 2 * slack);
        compare_total(c, "bytes acquired at a site", bytes[i], c->truth->acquired_at[i].bytes, 8000 * slack);
    }
}

static void compare(const struct process *process, const struct truth *of) {
    struct comparison c = {.truth = of};
    note_doubts(&c);
    if (!of->complete)
        note_intents(&c);
    live_settle(process->live);
    live_each(process->live, compare_block, &c);
    for (uint32_t i = 0; i < WORLD_ADDRESSES; i++) {
        if (of->cell[i].held && !c.found[i] && !c.open[i])
            complain(of, "a missing block", 0, address_of_index[i]);
        c.held += of->cell[i].held;
        c.held_bytes += of->cell[i].held ? of->cell[i].bytes : 0;
    }
    struct account all = {0};
    for (uint32_t w = 0; w < WORLD_WORKERS; w++) {
        all.acquired += of->account[w].acquired;
        all.acquired_bytes += of->account[w].acquired_bytes;
        all.released += of->account[w].released;
        all.unmatched += of->account[w].unmatched;
    }
    struct live_counts counts;
    live_count(process->live, &counts);
    compare_total(&c, "acquired", counts.acquired + process->cancelled, all.acquired, 2 * c.open_count);
    compare_total(&c, "released", counts.released + process->cancelled, all.released, 2 * c.open_count);
    compare_total(&c, "live blocks", counts.live_blocks, c.held, c.open_count);
    compare_total(&c, "unmatched frees", counts.waiting_releases, all.unmatched, c.open_count);
    compare_total(&c, "superseded", counts.superseded, 0, c.open_count);
    compare_total(&c, "bytes acquired", counts.acquired_bytes + process->cancelled_bytes, all.acquired_bytes,
                  8000 * c.open_count);
    compare_total(&c, "bytes held", counts.live_bytes, c.held_bytes, 4000 * c.open_count);
    compare_total(&c, "lost records",
                  process->lost_records + family_process(family, process->slot)->lost_records, 0, 0);
    compare_total(&c, "invalid records", process->invalid_records, 0, 0);
    compare_sites(&c, process);
}

// ---- the analyzer ----

static void found(void *context, struct family *of, uint32_t slot) {
    (void)context;
    struct process *process = calloc(1, sizeof *process);
    process->family = of;
    process->slot = slot;
    process->pid = (pid_t)family_process(of, slot)->pid;
    process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    process->live = live_new(0);
    process->turnover = turnover_new();
    of->by_slot[slot] = process;
    of->live_processes++;
}

static const struct truth *truth_of(const struct process *process) {
    for (uint32_t i = 0; i <= WORLD_FORKS; i++)
        if (truths[i].pid == (uint32_t)process->pid)
            return &truths[i];
    return NULL;
}

static void finish(struct process *process) {
    const struct truth *of = truth_of(process);
    drain_process(family, process, true);
    if (of)
        compare(process, of);
    else
        complain(truths, "a process of nobody", (uint64_t)process->pid, 0);
    family->by_slot[process->slot] = NULL;
    family->live_processes--;
    atomic_store_release(&family_process(family, process->slot)->state, SLOT_FREE);
    close(process->pidfd);
    live_free(process->live);
    turnover_free(process->turnover);
    free(process);
    atomic_add_acq_rel(&finished, 1);
}

static void finish_gone(void) {
    for (uint32_t i = 0; i < atomic_load_relaxed(&family->memory->processes_used); i++)
        if (family->by_slot[i] && process_is_gone(family->by_slot[i]))
            finish(family->by_slot[i]);
}

// Until asked to stop and nothing is left. Threads that ended are looked for now and then; under the thread
// sanitizer only when they were joined, since it can't see that the kernel orders a thread's end.
static void *analyzer(void *unused) {
    (void)unused;
    uint64_t reaped = 0;
    for (uint64_t round = 0;; round++) {
        uint64_t stop = atomic_load_acquire(&asked_to_stop), reap = atomic_load_acquire(&asked_to_reap);
        drain_new_slots(family, found, NULL);
        finish_gone();
        size_t got = drain_round(family);
        if (reaped != reap || (!SANITIZED_THREADS && round % 64 == 0)) {
            drain_reap_threads(family);
            drain_reap_threads(family);
            reaped = reap;
        }
        if (!got && stop)
            return NULL;
        if (!got)
            sched_yield();
    }
}

static void *shared_memory(size_t bytes) {
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(at, MAP_FAILED);
    return at;
}

static uint64_t from_environment(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

// As init.c has them.
static void before_fork(void) {
    unwind_before_fork();
    thread_before_fork();
}

static void after_fork_in_parent(void) {
    thread_after_fork_in_parent();
    unwind_after_fork();
}

static void after_fork_in_child(void) {
    thread_after_fork_in_child();
    unwind_after_fork();
    attach_on();
}

static void set_up(void) {
    events_wanted = from_environment("SEEP_NURSERY_EVENTS", DEFAULT_EVENTS);
    seed = from_environment("SEEP_NURSERY_SEED", 1);
    // Little memory, so that the extents of ended threads are used again soon.
    struct family_options options = {.track = WIRE_TRACK_HEAP,
                                     .ring_slots = 16,
                                     .depth = 64,
                                     .turnover = true,
                                     .follow = 1,
                                     .address_space = (uint64_t)8 * 64 << 20};
    family = family_new(&options);
    ck_assert_ptr_nonnull(family);
    page = shared_memory(4096);
    truths = shared_memory((WORLD_FORKS + 1) * sizeof *truths);
    truth = truths;
    forks = shared_memory(sizeof *forks);
    world_choose_addresses();
    struct sigaction action = {.sa_handler = world_handler, .sa_flags = SA_NODEFER | SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
}

static void attach(void) {
    truth->pid = (uint32_t)getpid();
    attach_prepare();
    ck_assert_int_eq(attach_first(family->memory, page), 0);
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    world_begin();
}

// ---- the tests ----

// Signals at random instructions, besides those that module_of raises.
static void *worker_with_pest(void *argument) {
    struct worker *worker = argument;
    pest_start(&worker->pest, SIGUSR1, 97000);
    world_worker(worker);
    pest_stop(&worker->pest);
    return NULL;
}

// Lives of threads, as many at once as asked for, until all events are made.
static uint64_t run_lives(uint64_t events, uint32_t threads, void *(*life)(void *)) {
    static struct worker workers[WORLD_WORKERS];
    pthread_t thread[WORLD_WORKERS];
    uint64_t left = events, started = 0, nested = 0;
    for (uint32_t w = 0; w < threads; w++)
        workers[w].number = WORLD_WORKERS;
    while (left) {
        uint32_t w = started % threads;
        if (started >= threads) {
            pthread_join(thread[w], NULL);
            nested += workers[w].nested;
            atomic_add_acq_rel(&asked_to_reap, 1);
        }
        uint64_t made = left < EVENTS_PER_LIFE ? left : EVENTS_PER_LIFE;
        workers[w] = (struct worker){.random = (seed << 32) + started, .events = made, .number = w};
        ck_assert_int_eq(pthread_create(&thread[w], NULL, life, &workers[w]), 0);
        started++;
        left -= made;
    }
    for (uint32_t w = 0; w < threads && w < started; w++) {
        pthread_join(thread[w], NULL);
        nested += workers[w].nested;
    }
    return nested;
}

// Runs the program beside the analyzer and compares at the end.
static void run_and_compare(uint32_t threads) {
    pthread_t drain;
    attach();
    ck_assert_int_eq(pthread_create(&drain, NULL, analyzer, NULL), 0);
    uint64_t nested = run_lives(events_wanted, threads, SANITIZED_THREADS ? world_worker : worker_with_pest);
    ck_assert_uint_gt(nested, events_wanted / 1000);
    while (atomic_load_acquire(&finished) < atomic_load_relaxed(forks))
        sched_yield();
    atomic_store_release(&asked_to_stop, 1);
    pthread_join(drain, NULL);
    truth->complete = 1;
    finish(family->by_slot[attach_page->slot]);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    ck_assert_uint_eq(failures, 0);
}

START_TEST(every_block_is_told_exactly) {
    uint32_t threads = 1u << _i;
    run_and_compare(threads);
}
END_TEST

START_TEST(forks_while_threads_record) {
    forks_wanted = WORLD_FORKS;
    if (events_wanted > 2000000)
        events_wanted = 2000000;
    run_and_compare(4);
    ck_assert_uint_ge(*forks, events_wanted < 2000 * WORLD_FORKS ? events_wanted / 2000 : WORLD_FORKS);
}
END_TEST

static void run_until_killed(void) {
    attach();
    run_lives(UINT64_MAX / 2, 4, worker_with_pest);
    _exit(1);
}

static struct process *first_process(void) {
    for (uint32_t i = 0; i < WIRE_PROCESSES; i++)
        if (family->by_slot[i])
            return family->by_slot[i];
    return NULL;
}

START_TEST(what_a_killed_program_recorded_is_true) {
    uint64_t kills = from_environment("SEEP_NURSERY_KILLS", DEFAULT_KILLS);
    for (uint64_t i = 0; i < kills && !failures; i++) {
        memset(truths, 0, sizeof *truths);
        seed += 100;
        pid_t child = fork();
        if (child == 0)
            run_until_killed();
        // Some time, so that what it was doing is chance.
        uint64_t records = 0, enough = 20000 + (seed * 2654435761u) % 30000;
        while (records < enough) {
            drain_new_slots(family, found, NULL);
            size_t got = drain_round(family);
            records += got;
            if (!got)
                sched_yield();
        }
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        while (drain_round(family))
            ;
        finish(first_process());
    }
    ck_assert_uint_eq(failures, 0);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_set_timeout(tests, 3600);
    tcase_add_loop_test(tests, every_block_is_told_exactly, 0, 4);
    if (!SANITIZED_THREADS) {
        tcase_add_test(tests, forks_while_threads_record);
        tcase_add_test(tests, what_a_killed_program_recorded_is_true);
    }
}
SEEP_TEST_MAIN("nursery_model")
