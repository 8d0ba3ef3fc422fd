// See attach.h. Called by the constructor, by the fork handlers and, after a raw fork, by the first event in
// the child.
#include "preload/attach.h"
#include "preload/own.h"
#include "preload/raw.h"
#include "preload/wire/atomic.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { PAGE = 4096 };

static struct attach_page unattached; // what attach_page points to when no page could be had: never recorded
struct attach_page *attach_page = &unattached;
struct wire_memory *memory;
struct wire_board *board;
uint32_t tracked;
static uint32_t noted; // NOTE_ so far; inherited by forks
static uint32_t parent_slot_plus_1;
static bool left;            // the analyzer is gone for good, for forked children as well
static uint32_t generations; // of this address space; inherited by forks, which only go on counting

void attach_prepare(void) {
    long at = raw_syscall6(SYS_mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at < 0 && at > -PAGE) {
        unattached.state = ATTACH_LEFT;
        return;
    }
    attach_page = (struct attach_page *)at;
    own_note(at, PAGE);
    if (raw_syscall3(SYS_madvise, at, PAGE, MADV_WIPEONFORK) != 0)
        noted = NOTE_NO_WIPE;
}

void attach_note(uint32_t notes) {
    atomic_or_relaxed(&noted, notes); // relaxed: they order nothing
    if (attach_on())
        atomic_or_relaxed(&attach_process()->notes, notes);
}

int attach_open(uint64_t offset, uint64_t bytes) {
    return (int)raw_syscall3(SYS_mprotect, (long)((char *)memory + offset), (long)bytes,
                             PROT_READ | PROT_WRITE);
}

static int claim_slot(uint32_t *out) {
    struct wire_process *slots = (struct wire_process *)((char *)memory + memory->processes_at);
    for (uint32_t i = 0; i < WIRE_PROCESSES; i++) {
        uint32_t expected = SLOT_FREE;
        if (atomic_load_relaxed(&slots[i].state) != SLOT_FREE) // relaxed: the CAS decides
            continue;
        if (!atomic_cas_acq_rel(&slots[i].state, &expected, SLOT_CLAIMED))
            continue;
        // Only ever raised. Relaxed: the analyzer reads states with acquire and merely comes a round late.
        uint32_t used = atomic_load_relaxed(&memory->processes_used);
        while (used < i + 1 && !atomic_cas_acq_rel(&memory->processes_used, &used, i + 1))
            ;
        *out = i;
        return 0;
    }
    atomic_add_relaxed(&memory->lost_processes, 1); // a count, orders nothing
    return -EAGAIN;
}

static bool take_place(void) {
    uint32_t slot;
    if (claim_slot(&slot) != 0) {
        attach_page->state = ATTACH_REFUSED;
        return false;
    }
    struct wire_process *process = (struct wire_process *)((char *)memory + memory->processes_at) + slot;
    process->pid = (uint32_t)raw_syscall0(SYS_getpid);
    process->parent_slot = parent_slot_plus_1;
    process->ended = ENDED_NOT;
    process->status = 0;
    process->notes = atomic_load_relaxed(&noted); // relaxed: a fork has copied it
    process->lost_records = 0;
    process->stacks_compared = 0;
    process->stacks_different = 0;
    process->waits = 0;
    process->stands = 0;
    process->examined = 0;
    process->standing_thread = 0;
    process->standing_stack = 0;
    atomic_store_release(&process->state, SLOT_LIVE); // X1
    attach_page->slot = slot;
    attach_page->pid = process->pid;
    attach_page->generation = ++generations;
    attach_page->numbered = 0;
    parent_slot_plus_1 = slot + 1; // what a child of ours will say
    atomic_signal_barrier();
    attach_page->state = ATTACH_ON;
    return true;
}

int attach_first(struct wire_memory *met_memory, struct wire_board *met_board) {
    memory = met_memory;
    board = met_board;
    // Everything before the stack nodes and the extents: a few hundred KiB that are needed whole. The tables
    // among them that are large (modules, strings, index, nodes) are opened as they grow.
    int bad = attach_open(memory->processes_at, memory->modules_at - memory->processes_at);
    if (bad) {
        memory = NULL;
        return bad;
    }
    tracked = memory->track;
    own_publish(memory->own);
    return take_place() ? 0 : -EAGAIN;
}

bool attach_again(void) {
    // A signal handler that allocates while a place is being taken would take a second one: no signals
    // meanwhile.
    uint64_t all = ~(uint64_t)0, before = 0;
    raw_syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, sizeof all);
    bool on = attach_page->state == ATTACH_ON;
    if (!on && attach_page->state == ATTACH_NONE) {
        // Relaxed: late notice does no harm.
        if (left || !memory->follow || (atomic_load_relaxed(&board->life) & BOARD_OWNER_DIED) ||
            atomic_load_relaxed(&board->closed))
            attach_page->state = ATTACH_LEFT;
        else
            on = take_place();
        if (on) { // the analyzer had better see us while we live
            atomic_add_acq_rel(&board->doorbell, 1);
            raw_syscall3(SYS_futex, (long)&board->doorbell, FUTEX_WAKE, 1);
        }
    }
    raw_syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof before);
    return on;
}

void attach_leave(void) {
    left = true;
    attach_page->state = ATTACH_LEFT;
    attach_page->generation = 0; // no thread's: thread_enter looks at nothing else
}

bool attach_is_own_process(void) {
    return attach_page->state == ATTACH_ON && (uint32_t)raw_syscall0(SYS_getpid) == attach_page->pid;
}
