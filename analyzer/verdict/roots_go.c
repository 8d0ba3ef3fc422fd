// The dead parts of Go's stacks. Called by roots.c. A thread of Go's has three stacks: that of the goroutine
// it runs, its own one, on which C runs, and one for signals, which come all the time. Only one of them is
// where the stack pointer is. What lies below it, or below where the runtime will go back to, is what calls
// left there that have returned: cgo's results came that way, and a signal's frame has all registers of the C
// code that it interrupted.
//
// A goroutine's record and its thread's begin with the same words in all releases: the stack's bounds, and
// behind them, at places that have not moved since Go 1.5, the thread and the stack pointer to go back to.
// Whether it is one is checked by how the records point to each other; nothing is cut when in doubt. Of
// goroutines that do not run now, or are in C, the whole stack counts.
#include "analyzer/verdict/memory.h"
#include "analyzer/verdict/roots_parts.h"

enum {
    SLOT_WORDS = 512,  // of thread-local storage below the thread pointer, one of which is the goroutine
    THREAD_WORDS = 24, // of a thread's record, among which is the goroutine for signals
    SIGNAL_STACK = 32 * 1024, // its stack, always
    RED_ZONE = 128,           // of C; Go uses nothing below the stack pointer
};

// runtime.g, as far as it is read here.
struct goroutine {
    uint64_t stack_low, stack_high;
    uint64_t guards[2], panics, defers;
    uint64_t thread; // runtime.m, whose first word is the goroutine that has the thread's own stack
    uint64_t saved_stack_pointer; // 0: it was never left
};
_Static_assert(sizeof(struct goroutine) == 64, "as the runtime lays it out");

// A thread of Go's, on one of its stacks.
struct running {
    uint64_t self, own; // addresses of the goroutine that it is, and of that with the thread's own stack
    struct goroutine self_record, own_record;
    uint64_t thread_words[THREAD_WORDS];
};

static bool holds(const struct goroutine *goroutine, uint64_t stack_pointer) {
    return goroutine->stack_low < stack_pointer && stack_pointer <= goroutine->stack_high;
}

static bool read_goroutine(pid_t pid, uint64_t address, struct goroutine *out) {
    return address && address % 8 == 0 && memory_copy(pid, address, out, sizeof *out) == 0;
}

// Is that the goroutine that runs on this stack pointer?
static bool is_running(pid_t pid, uint64_t address, uint64_t stack_pointer, struct running *out) {
    const struct goroutine *self = &out->self_record, *own = &out->own_record;
    if (!read_goroutine(pid, address, &out->self_record) || !holds(self, stack_pointer) ||
        memory_copy(pid, self->thread, out->thread_words, sizeof out->thread_words) != 0)
        return false;
    out->self = address;
    out->own = out->thread_words[0];
    if (!read_goroutine(pid, out->own, &out->own_record) || own->thread != self->thread)
        return false;
    return out->self == out->own || (holds(own, own->saved_stack_pointer) && !holds(own, stack_pointer));
}

// Tries first the slot that it was found in last: it is the same in all threads of a program.
static bool find_running(pid_t pid, const struct stopped_thread *thread, size_t *slot, struct running *out) {
    uint64_t slots[SLOT_WORDS];
    if (!thread->tls || !thread->sp)
        return false;
    size_t words = SLOT_WORDS; // fewer where thread-local storage begins right at a mapping's start
    while (words && memory_copy(pid, thread->tls - 8 * words, slots, 8 * words) != 0)
        words /= 2;
    if (*slot < words && is_running(pid, slots[words - 1 - *slot], thread->sp, out))
        return true;
    for (size_t i = 0; i < words; i++) {
        if (!is_running(pid, slots[words - 1 - i], thread->sp, out))
            continue;
        *slot = i;
        return true;
    }
    return false;
}

// From low to what is in use: unless that isn't in one area, or blocks lie there, on a stack that the program
// brought.
static void cut_below(struct roots_search *search, uint64_t low, uint64_t in_use) {
    uint64_t end = in_use & ~7ull;
    const struct smaps_area *area = smaps_find(search->question->smaps, end - 1);
    if (!area || end <= low)
        return;
    uint64_t begin = low > area->start ? low : area->start;
    size_t block = roots_first_block(search->question, begin);
    bool has_block = roots_block_at(search->question, begin) ||
                     (block < search->question->block_count && search->question->blocks[block].address < end);
    if (!has_block)
        ranges_add(&search->cut, begin, end);
}

// The goroutine that has the thread's stack for signals: nothing ever switches back to it. Of the others that
// a thread's record names, one has been left if it does not run. 0: not known.
static uint64_t find_signals(pid_t pid, const struct running *running, struct goroutine *out) {
    for (size_t i = 1; i < THREAD_WORDS; i++) {
        uint64_t address = running->thread_words[i];
        if (address != running->own && read_goroutine(pid, address, out) &&
            out->thread == running->own_record.thread && !out->saved_stack_pointer)
            return address;
    }
    return 0;
}

static void cut_thread(struct roots_search *search, const struct running *running, uint64_t stack_pointer) {
    struct goroutine signals;
    uint64_t for_signals = find_signals(search->pid, running, &signals);
    if (!for_signals ||
        for_signals == running->self) // a signal is being handled: what it interrupted is in use
        return;
    if (signals.stack_high - signals.stack_low == SIGNAL_STACK && !holds(&signals, stack_pointer))
        cut_below(search, signals.stack_low, signals.stack_high);
    if (running->self == running->own) // what is below it, was cut as of any thread
        return;
    cut_below(search, running->self_record.stack_low, stack_pointer);
    cut_below(search, running->own_record.stack_low, running->own_record.saved_stack_pointer - RED_ZONE);
}

void roots_cut_go_stacks(struct roots_search *search) {
    const struct stopped *stopped = search->question->stopped;
    size_t slot = 0;
    for (size_t i = 0; i < stopped->thread_count; i++) {
        uint64_t stack_pointer = stopped->threads[i].sp;
        struct running running;
        if (find_running(search->pid, &stopped->threads[i], &slot, &running))
            cut_thread(search, &running, stack_pointer);
    }
}
