// Registers and stacks. Called by roots.c. Knows how glibc lays out a thread's stack: guard, stack,
// thread-local storage, control block, in one mapping; a thread that ended may leave it behind for the next
// one.
#include "analyzer/verdict/memory.h"
#include "analyzer/verdict/roots_parts.h"

#include <string.h>
#include <sys/mman.h>

enum {
    RED_ZONE = 128,           // below the stack pointer, still in use
    CONTROL_BYTES = 4 * 4096, // the control block is so near to its mapping's end
    CONTROL_SELF_AT = 16,     // in it: its own address, as at 0
    CONTROL_DTV_AT = 8,
    DTV_LEAD = 16, // of the thread's table of modules, whose block begins so far before what is pointed to
};

// The control block that this mapping of a thread's stack ends with; 0: it is none.
static uint64_t control_block_of(const struct roots_search *search, const struct smaps_area *area) {
    static uint64_t words[CONTROL_BYTES / 8];
    uint64_t bytes = area->end - area->start;
    if (bytes > CONTROL_BYTES)
        bytes = CONTROL_BYTES;
    uint64_t at = area->end - bytes;
    if (memory_copy(search->pid, at, words, bytes) != 0)
        return 0;
    for (size_t i = 0; i + CONTROL_SELF_AT / 8 < bytes / 8; i++)
        if (words[i] == at + 8 * i && words[i + CONTROL_SELF_AT / 8] == words[i])
            return words[i];
    return 0;
}

static const struct stopped_thread *thread_with_tls(const struct stopped *stopped, uint64_t tls) {
    for (size_t i = 0; i < stopped->thread_count; i++)
        if (stopped->threads[i].tls == tls)
            return &stopped->threads[i];
    return NULL;
}

static bool is_standing(const struct roots_search *search, const struct stopped_thread *thread) {
    return search->question->standing_stack && thread->tls == search->question->standing_thread;
}

// Where what its stack holds of the program begins.
static uint64_t stack_top(const struct roots_search *search, const struct stopped_thread *thread) {
    if (is_standing(search, thread))
        return search->question->standing_stack;
    return thread->sp ? (thread->sp - RED_ZONE) & ~7ull : 0;
}

static void add_registers(struct roots_search *search, const struct stopped_thread *thread) {
    const struct stopped *stopped = search->question->stopped;
    for (size_t i = 0; i < thread->word_count && !is_standing(search, thread); i++)
        roots_add_word(search->out, stopped->words[thread->first_word + i]);
    uint64_t dtv;
    if (thread->tls && memory_copy(search->pid, thread->tls + CONTROL_DTV_AT, &dtv, sizeof dtv) == 0)
        roots_add_word(search->out, dtv - DTV_LEAD);
}

// A stack that lies in a block is a root from its stack pointer on, whoever holds the block.
static void add_stack_in_block(struct roots_search *search, const struct stopped_thread *thread) {
    uint64_t top = stack_top(search, thread);
    const struct classify_block *block = roots_block_at(search->question, top);
    if (block)
        ranges_add(&search->out->ranges, top, (block->address + block->bytes) & ~7ull);
}

// A mapping that is one thread's stack from guard to control block: alive, or left behind.
static void cut_thread_stack(struct roots_search *search, const struct smaps_area *area) {
    uint64_t control = control_block_of(search, area);
    if (!control)
        return;
    const struct stopped_thread *thread = thread_with_tls(search->question->stopped, control);
    if (!thread) { // it ended: its result may still be asked for
        ranges_add(&search->cut, area->start, control);
        return;
    }
    uint64_t top = stack_top(search, thread);
    if (top >= area->start && top < control) // else it runs on another stack, and this one waits as a whole
        ranges_add(&search->cut, area->start, top);
}

static void cut_main_stack(struct roots_search *search, const struct smaps_area *area) {
    const struct stopped *stopped = search->question->stopped;
    for (size_t i = 0; i < stopped->thread_count; i++) {
        uint64_t top = stack_top(search, &stopped->threads[i]);
        if (stopped->threads[i].tid == stopped->pid && top >= area->start && top < area->end)
            ranges_add(&search->cut, area->start, top);
    }
}

void roots_add_threads(struct roots_search *search) {
    const struct stopped *stopped = search->question->stopped;
    const struct smaps *smaps = search->question->smaps;
    for (size_t i = 0; i < stopped->thread_count; i++) {
        add_registers(search, &stopped->threads[i]);
        add_stack_in_block(search, &stopped->threads[i]);
    }
    for (size_t i = 0; i < smaps->count; i++) {
        const struct smaps_area *area = &smaps->areas[i];
        bool guarded = i > 0 && area[-1].end == area->start && !(area[-1].protection & PROT_READ);
        if (strcmp(area->path, "[stack]") == 0)
            cut_main_stack(search, area);
        else if (guarded && roots_is_plain(area))
            cut_thread_stack(search, area);
    }
}
