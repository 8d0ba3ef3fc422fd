// See last.h. Called by the exit handler that the constructor registers (it runs after all of the program's
// own) and by hooks_process.c.
#include "preload/last.h"
#include "preload/attach.h"
#include "preload/doorbell.h"
#include "preload/raw.h"
#include "preload/unwind.h"
#include "preload/wire/atomic.h"

#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>

extern void *__libc_stack_end; // the loader's: where the stack began, below it the first frame

static uint32_t
    waiting_generation; // the process (attach_page->generation) that started the analyzer; 0: it did not
static uintptr_t main_thread; // its thread pointer
static const struct machine_registers
    *exit_caller; // where the program called exit or quick_exit; NULL: it returned from main, or libc called

void last_wait_for_report(void) {
    waiting_generation = attach_page->generation;
}

// Until the analyzer has set the word, or nobody is there to do so any more. Silence is counted as in
// record.c.
static void wait_for(uint32_t *word) {
    uint64_t heartbeat = 0, silent_ns = 0;
    while (!atomic_load_acquire(word) && silent_ns <= BOARD_SILENCE_NS &&
           !(atomic_load_relaxed(&board->life) & BOARD_OWNER_DIED)) { // relaxed: seen one wait later at worst
        doorbell_ring();
        struct timespec limit = {.tv_nsec = WIRE_WAIT_NS};
        raw_syscall4(SYS_futex, (long)word, FUTEX_WAIT, 0, (long)&limit);
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

// Stands still until the analyzer has looked at what this process holds. Makes no system call but those that
// waiting takes: the process may have entered a sandbox.
static void stand(const struct machine_registers *caller) {
    if (!memory->examine || atomic_load_relaxed(&board->closed)) // relaxed: reported will be set, too
        return;
    struct wire_process *process = attach_process();
    if (!atomic_load_relaxed(&process->stands)) { // relaxed: another thread that ends the process only waits
        process->standing_thread = machine_thread_pointer();
        process->standing_stack = (uintptr_t)caller;
        atomic_store_release(&process->stands, 1); // LE1
        atomic_add_acq_rel(&board->standing, 1);
    }
    wait_for(&process->examined); // LE4
}

static void wait_if_ours(void) {
    if (waiting_generation != attach_page->generation)
        return;
    atomic_store_release(&attach_process()->waits, 1); // LW1
    wait_for(&board->reported);
}

void last_begins(const struct machine_registers *caller) {
    if (attach_is_own_process())
        exit_caller = caller;
}

void last_exit_soon(int status) {
    if (attach_is_own_process())
        note_exit(status);
}

void last_exit(int status, const struct machine_registers *caller) {
    if (!attach_is_own_process())
        return;
    note_exit(status);
    stand(caller);
    wait_if_ours();
}

void last_abort(const struct machine_registers *caller) {
    struct sigaction action;
    if (attach_is_own_process() && sigaction(SIGABRT, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
        stand(caller);
}

void last_exec(void) {
    if (attach_is_own_process())
        atomic_store_release(&attach_process()->ended, ENDED_EXEC);
}

void last_exec_failed(void) {
    if (attach_is_own_process())
        atomic_store_release(&attach_process()->ended, ENDED_NOT);
}

// Did main return? Then nothing of the program is left on the main thread's stack: libc's frames now lie
// where main's were, and hold what was left there. Told by the frames that lead here: those of exit and its
// caller, and nothing but the start of the program beyond. Unless that is sure, no.
__attribute__((noinline)) static bool main_has_returned(const struct frame_state *here) {
    enum { FROM_MAIN = 5 }; // __run_exit_handlers, exit, __libc_start_call_main, __libc_start_main, _start
    struct walked_frame frames[FROM_MAIN + 2];
    struct walk walk = {.frames = frames, .limit = FROM_MAIN + 2};
    unwind_walk(here, &walk);
    return walk.count == FROM_MAIN && !walk.elided && !walk.truncated &&
           machine_thread_pointer() == main_thread;
}

static void at_exit(int status, void *unused) {
    (void)unused;
    uintptr_t *frame = __builtin_frame_address(0);
    struct frame_state here = {(uintptr_t)__builtin_return_address(0), (uintptr_t)(frame + 2), frame[0]};
    if (!attach_is_own_process())
        return;
    if (!exit_caller && memory->examine && main_has_returned(&here))
        exit_caller = __libc_stack_end;
    last_exit(status, exit_caller);
}

static void at_quick_end(void) {
    if (!attach_is_own_process())
        return;
    stand(exit_caller);
    wait_if_ours();
}

void last_prepare(void) {
    main_thread = machine_thread_pointer();
    on_exit(at_exit, NULL);
    // Registered first, so it runs last; the hook has noted the status. No room: then nobody waits.
    (void)at_quick_exit(at_quick_end);
}

void last_exit_early(int status) {
    for (;;)
        raw_syscall1(SYS_exit_group, status);
}

void last_abort_early(void) {
    raw_syscall2(SYS_tkill, raw_syscall0(SYS_gettid), SIGABRT);
    for (;;)
        __builtin_trap(); // the signal was blocked or ignored
}
