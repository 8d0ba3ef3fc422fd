// See last.h. Called by the exit handler that the constructor registers (it runs after all of the program's
// own) and by hooks_process.c.
#include "preload/last.h"
#include "preload/attach.h"
#include "preload/raw.h"
#include "preload/wire/atomic.h"

#include <linux/futex.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>

static uint32_t
    waiting_generation; // the process (attach_page->generation) that started the analyzer; 0: it did not

void last_wait_for_report(void) {
    waiting_generation = attach_page->generation;
}

// Until the report is out or nobody is there to write it. Silence is counted as in record.c.
static void wait_for_report(void) {
    atomic_store_release(&attach_process()->waits, 1); // LW1
    uint64_t heartbeat = 0, silent_ns = 0;
    while (!atomic_load_acquire(&board->reported) && silent_ns <= BOARD_SILENCE_NS &&
           !(atomic_load_relaxed(&board->life) & BOARD_OWNER_DIED)) { // relaxed: seen one wait later at worst
        atomic_add_acq_rel(&board->doorbell, 1);
        raw_syscall3(SYS_futex, (long)&board->doorbell, FUTEX_WAKE, 1);
        struct timespec limit = {.tv_nsec = WIRE_WAIT_NS};
        raw_syscall4(SYS_futex, (long)&board->reported, FUTEX_WAIT, 0, (long)&limit);
        uint64_t now = atomic_load_relaxed(&board->heartbeat_ns);
        silent_ns = now == heartbeat ? silent_ns + WIRE_WAIT_NS : 0;
        heartbeat = now;
    }
}

static void note_exit(int status) {
    struct wire_process *process = attach_process();
    process->status = status;
    atomic_store_release(&process->ended, ENDED_EXIT); // the status before it is valid
}

static void wait_if_ours(void) {
    if (waiting_generation == attach_page->generation && attach_is_own_process())
        wait_for_report();
}

void last_exit_soon(int status) {
    if (attach_is_own_process())
        note_exit(status);
}

void last_exit(int status) {
    if (!attach_is_own_process())
        return;
    note_exit(status);
    wait_if_ours();
}

void last_exec(void) {
    if (attach_is_own_process())
        atomic_store_release(&attach_process()->ended, ENDED_EXEC);
}

void last_exec_failed(void) {
    if (attach_is_own_process())
        atomic_store_release(&attach_process()->ended, ENDED_NOT);
}

static void at_exit(int status, void *unused) {
    (void)unused;
    last_exit(status);
}

void last_prepare(void) {
    on_exit(at_exit, NULL);
    // Registered first, so it runs last; the hook has noted the status. No room: then nobody waits.
    (void)at_quick_exit(wait_if_ours);
}
