// See drain.h. Called by session.c. Trusts nothing that it reads: indices are copied once and checked,
// records are copied before they are interpreted.
#include "analyzer/drain.h"
#include "analyzer/ledger/ledger.h"
#include "analyzer/process.h"
#include "analyzer/turnover.h"
#include "preload/wire/atomic.h"
#include "preload/wire/ring.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BATCH = 1024 };

static uint32_t extents_used(const struct family *family) {
    uint32_t used =
        atomic_load_relaxed(&family->memory->extents_used); // relaxed: a late value is read next round
    return used < family->extent_count ? used : family->extent_count;
}

// The owner of a live extent, found once and remembered until the extent is given back. NULL: not known
// (yet).
static struct process *owner_of(struct family *family, uint32_t extent) {
    struct extent_state *state = &family->extents[extent];
    if (state->owner || atomic_load_acquire(family_extent_state(family, extent)) != SLOT_LIVE) // X2
        return state->owner;
    const struct wire_thread *thread = family_thread(family, extent);
    uint32_t slot = atomic_load_relaxed(&thread->process_slot); // relaxed: valid by X2, and read once
    if (slot >= WIRE_PROCESSES || !family->by_slot[slot])
        return NULL;
    state->owner = family->by_slot[slot];
    state->tid = atomic_load_relaxed(&thread->tid);
    state->idle_head = UINT64_MAX;
    state->moving_round = 0;
    state->first = state->tail;
    return state->owner;
}

// Everything below tail was read: tells the producer, which may wait for it.
static void release_slots(const struct family *family, struct wire_ring *ring, uint64_t tail) {
    if (family->deserted)
        return;
    atomic_store_release(&ring->tail, tail); // C2
    atomic_fence_seq_cst();                  // C3
    if (atomic_load_relaxed(&ring->waiting) && atomic_exchange_acq_rel(&ring->waiting, 0))
        syscall(SYS_futex, &ring->waiting, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

// Not the live set's, which takes all others, and counts those that make no sense.
static inline bool is_elsewhere(const struct process *owner, const struct wire_record *record) {
    return ledger_wants(record) || (record->kind == RECORD_TURNOVER && owner->turnover);
}

// Records of the heap are the live set's, in runs as long as they come; the others are the ledger's, or the
// turnover's, which wants to know of acquires, too.
static void hand_on(struct process *owner, const struct wire_record *records, size_t count) {
    if (!owner->live) // harvested at its last moment: nothing counts any more
        return;
    if (owner->turnover)
        turnover_take(owner->turnover, records, count);
    for (size_t at = 0; at < count;) {
        size_t run = at;
        while (run < count && !is_elsewhere(owner, &records[run]))
            run++;
        if (run > at)
            owner->invalid_records += live_apply_many(owner->live, records + at, run - at);
        for (at = run; at < count && is_elsewhere(owner, &records[at]); at++)
            if (ledger_wants(&records[at]))
                ledger_take(owner->ledger, &records[at]);
    }
}

static size_t read_ring(struct family *family, uint32_t extent, struct process *owner) {
    struct wire_ring *ring = &family_thread(family, extent)->ring;
    struct extent_state *state = &family->extents[extent];
    uint64_t head = atomic_load_acquire(&ring->head); // C1
    uint64_t available = head - state->tail;
    if (available == 0)
        return 0;
    if (available > family->ring_slots) { // damaged: nothing in it can be believed
        owner->lost_records += available < (1u << 30) ? available : 1;
        state->tail = head;
        release_slots(family, ring, head);
        return 0;
    }
    const struct wire_record *slots = family_slots(family, extent);
    static struct wire_record batch[BATCH];
    for (uint64_t left = available; left;) {
        uint32_t at = (uint32_t)(state->tail & (family->ring_slots - 1)), count = family->ring_slots - at;
        if (count > left)
            count = (uint32_t)left;
        if (count > BATCH)
            count = BATCH;
        memcpy(batch, slots + at, count * sizeof *batch);
        state->tail += count;
        left -= count;
        release_slots(family, ring, state->tail);
        hand_on(owner, batch, count);
    }
    return available;
}

// May a release that a realloc has begun be missing from what is now read of this ring? Then this round can't
// end: docs/ordering.md. Odd at one value since the round began: it may be the same realloc.
static bool is_held_up(struct extent_state *state, const struct process *owner,
                       const struct wire_ring *ring) {
    uint64_t moving = atomic_load_acquire(&ring->moving); // C4
    if (!(moving & 1))
        return false;
    if (state->moving_round == owner->rounds + 1)
        return moving == state->moving;
    state->moving_round = owner->rounds + 1;
    state->moving = moving;
    return true;
}

// A thread of the program waits for an extent: gives back what can be given back, now.
static void answer_wanted(struct family *family) {
    if (!atomic_load_relaxed(&family->memory->extents_wanted)) // relaxed: seen a round later at worst
        return;
    drain_reap_threads(family);
    drain_reap_threads(family); // a thread is looked for once its ring has been idle between two looks
    atomic_store_release(&family->memory->extents_wanted, 0);
}

static void end_round(struct process *process) {
    if (process->live && !process->quiet && !process->held_up) {
        live_end_round(process->live);
        process->rounds++;
        process->quiet = true;
    }
    process->held_up = false;
}

size_t drain_round(struct family *family) {
    answer_wanted(family);
    size_t all = 0;
    uint32_t used = extents_used(family);
    for (uint32_t i = 0; i < used; i++) {
        struct process *owner = owner_of(family, i);
        if (!owner)
            continue;
        if (is_held_up(&family->extents[i], owner, &family_thread(family, i)->ring))
            owner->held_up = true;
        size_t got = read_ring(family, i, owner);
        if (got)
            owner->quiet = false;
        all += got;
    }
    for (uint32_t i = 0; i < WIRE_PROCESSES && family->live_processes; i++)
        if (family->by_slot[i])
            end_round(family->by_slot[i]);
    return all;
}

void drain_new_slots(struct family *family,
                     void (*found)(void *context, struct family *family, uint32_t slot), void *context) {
    uint32_t used =
        atomic_load_relaxed(&family->memory->processes_used); // relaxed: a late value is read next round
    for (uint32_t i = 0; i < used && i < WIRE_PROCESSES; i++)
        if (!family->by_slot[i] && atomic_load_acquire(&family_process(family, i)->state) == SLOT_LIVE) // X2
            found(context, family, i);
}

static void count_truncated(struct family *family, uint32_t extent) {
    family->extents[extent].owner->truncated_stacks += family_thread(family, extent)->truncated_stacks;
}

// Was this entry sent, too? A thread that was killed or left just then may have left it where it was; its
// release may have come and gone since.
// Among so many last records of its ring.
static bool was_sent(const struct family *family, uint32_t extent, const struct wire_record *entry,
                     uint64_t last) {
    const struct extent_state *state = &family->extents[extent];
    for (uint64_t back = 1; back <= last && back <= state->tail - state->first; back++) {
        const struct wire_record *sent =
            family_slots(family, extent) + ((state->tail - back) & (family->ring_slots - 1));
        if (memcmp(sent, entry, sizeof *entry) == 0)
            return true;
    }
    return false;
}

static void read_turnovers(struct family *family, uint32_t extent, struct process *owner, bool gone) {
    struct wire_nursery *nursery = family_nursery(family, extent);
    for (size_t place = 0; place < NURSERY_TURNOVERS; place++) {
        struct wire_record entry = nursery_turnover_record(&nursery->turnovers[place]);
        if (entry.address == 0) // no pair
            continue;
        if (!was_sent(family, extent, &entry, 1)) // an equal one before the last is another, older one
            hand_on(owner, &entry, 1);
        if (gone && !family->deserted)
            nursery->turnovers[place].count = 0;
    }
}

// What the nursery of a thread that can no longer run holds joins the live set, and is emptied for the next
// owner. Of one that runs on, the figures are only as good as a look in passing.
static void read_nursery(struct family *family, uint32_t extent, struct process *owner, bool gone) {
    struct wire_nursery *nursery = family_nursery(family, extent);
    for (size_t set = 0; set < NURSERY_SETS; set++)
        for (size_t way = 0; way < NURSERY_WAYS; way++) {
            if (!nursery->owners[set][way])
                continue;
            struct wire_record entry = nursery->entries[set][way];
            if (gone && !family->deserted)
                nursery->owners[set][way] = 0;
            if (was_sent(family, extent, &entry, 2))
                continue;
            hand_on(owner, &entry, 1);
        }
    if (owner->live) {
        owner->cancelled += nursery->cancelled;
        owner->cancelled_bytes += nursery->cancelled_bytes;
    }
    if (owner->turnover)
        read_turnovers(family, extent, owner, gone);
    if (gone && !family->deserted)
        nursery->cancelled = nursery->cancelled_bytes = 0;
}

static void give_back(struct family *family, uint32_t extent) {
    struct extent_state *state = &family->extents[extent];
    count_truncated(family, extent);
    state->owner = NULL;
    if (!family->deserted)
        atomic_store_release(family_extent_state(family, extent), SLOT_FREE);
}

void drain_process(struct family *family, const struct process *process, bool gone) {
    uint32_t used = extents_used(family);
    for (uint32_t i = 0; i < used; i++) {
        struct process *owner = owner_of(family, i);
        if (owner != process)
            continue;
        read_ring(family, i, owner);
        read_nursery(family, i, owner, gone);
        if (gone)
            give_back(family, i);
        else
            count_truncated(family, i);
    }
}

void drain_published(struct family *family, struct process *process) {
    uint32_t used = extents_used(family);
    for (uint32_t i = 0; i < used; i++)
        if (owner_of(family, i) == process)
            read_ring(family, i, process);
}

bool drain_is_within_realloc(struct family *family, const struct process *process) {
    uint32_t used = extents_used(family);
    for (uint32_t i = 0; i < used; i++)
        if (owner_of(family, i) == process &&
            (atomic_load_acquire(&family_thread(family, i)->ring.moving) & 1)) // C4
            return true;
    return false;
}

void drain_standing(struct family *family, struct process *process) {
    uint32_t used = extents_used(family);
    for (uint32_t i = 0; i < used; i++)
        if (owner_of(family, i) == process) {
            read_ring(family, i, process);
            read_nursery(family, i, process, false);
        }
}

// A thread that is gone publishes nothing more: whatever its ring holds after that was found is all. In doubt
// it lives.
static bool thread_is_gone(const struct process *process, uint32_t tid) {
    if (tid == 0 || process->pidfd < 0 || process->family->foreign_ids)
        return false;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%u", (int)process->pid, tid);
    return access(path, F_OK) != 0 && errno == ENOENT && !process_is_gone(process);
}

void drain_reap_threads(struct family *family) {
    uint32_t used = extents_used(family);
    for (uint32_t i = 0; i < used; i++) {
        struct extent_state *state = &family->extents[i];
        if (!state->owner)
            continue;
        uint64_t head = atomic_load_relaxed(&family_thread(family, i)->ring.head); // only compared
        bool idle = head == state->idle_head && head == state->tail;
        state->idle_head = head;
        if (!idle || !thread_is_gone(state->owner, state->tid))
            continue;
        read_ring(family, i, state->owner);
        read_nursery(family, i, state->owner, true);
        give_back(family, i);
    }
}
