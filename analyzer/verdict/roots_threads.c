// Registers and stacks. Called by roots.c. Knows how glibc lays out a thread's stack: guard, stack,
// thread-local storage, control block, in one mapping, whose last page the control block is in; a thread that
// ended may leave it behind for the next one.
#include "analyzer/verdict/memory.h"
#include "analyzer/verdict/roots_parts.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum {
    RED_ZONE = 128, // below the stack pointer, still in use
    PAGE_BYTES = 4096,
    CONTROL_BYTES = 4 * PAGE_BYTES,  // the control block is so near to its stack's end
    UNLIMITED_STACK_BYTES = 2 << 20, // of a thread's stack where there is no limit
    CONTROL_SELF_AT = 16,            // in it: its own address, as at 0
    CONTROL_DTV_AT = 8,
    DTV_LEAD = 16, // of the thread's table of modules, whose block begins so far before what is pointed to
};

// The control block in the last bytes before `end`; 0: there is none.
static uint64_t control_block_before(const struct roots_search *search, uint64_t start, uint64_t end) {
    static uint64_t words[CONTROL_BYTES / 8];
    uint64_t bytes = end - start < CONTROL_BYTES ? end - start : CONTROL_BYTES, at = end - bytes;
    if (memory_copy(search->pid, at, words, bytes) != 0)
        return 0;
    for (size_t i = 0; i + CONTROL_SELF_AT / 8 < bytes / 8; i++)
        if (words[i] == at + 8 * i && words[i + CONTROL_SELF_AT / 8] == words[i])
            return words[i];
    return 0;
}

// The control block of the stack that this area begins with; 0: it is none. What the kernel joined to it from
// above hides where it ends: then it is looked for where a stack of the usual size ends.
static uint64_t control_block_of(const struct roots_search *search, const struct roots_area *area) {
    uint64_t control = control_block_before(search, area->start, area->end);
    struct rlimit limit;
    if (control || prlimit(search->pid, RLIMIT_STACK, NULL, &limit) != 0)
        return control;
    uint64_t usual = limit.rlim_cur == RLIM_INFINITY ? UNLIMITED_STACK_BYTES : limit.rlim_cur;
    return usual < area->end - area->start
               ? control_block_before(search, area->start, area->start + usual / PAGE_BYTES * PAGE_BYTES)
               : 0;
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

static bool has_block(const struct roots_search *search, uint64_t begin, uint64_t end) {
    const struct roots_question *question = search->question;
    size_t at = roots_first_block(question, begin);
    return roots_block_at(question, begin) ||
           (at < question->block_count && question->blocks[at].address < end);
}

// The running thread whose stack this area begins with; NULL: none. A thread that runs on another stack now
// is none either: its own one waits as a whole.
static const struct stopped_thread *thread_on(const struct roots_search *search,
                                              const struct roots_area *area) {
    const struct stopped *stopped = search->question->stopped;
    const struct stopped_thread *lowest = NULL;
    for (size_t i = 0; i < stopped->thread_count; i++) {
        const struct stopped_thread *thread = &stopped->threads[i];
        if (thread->tls >= area->start && thread->tls < area->end && (!lowest || thread->tls < lowest->tls))
            lowest = thread;
    }
    uint64_t top = lowest ? stack_top(search, lowest) : 0;
    return top >= area->start && top < lowest->tls && !has_block(search, area->start, lowest->tls) ? lowest
                                                                                                   : NULL;
}

// An area that begins with one thread's stack, from guard to control block: alive, or left behind. What is in
// use of it counts, whatever its neighbours above are taken for.
static void cut_thread_stack(struct roots_search *search, const struct roots_area *area) {
    const struct stopped_thread *thread = thread_on(search, area);
    if (thread) {
        uint64_t top = stack_top(search, thread), end = (thread->tls | (PAGE_BYTES - 1)) + 1;
        ranges_add(&search->cut, area->start, top);
        ranges_add(&search->out->ranges, top, end < area->end ? end : area->end);
        return;
    }
    uint64_t control = control_block_of(search, area);
    if (control && !thread_with_tls(search->question->stopped, control) &&
        !has_block(search, area->start, control)) // it ended: its result may still be asked for
        ranges_add(&search->cut, area->start, control);
}

static void cut_main_stack(struct roots_search *search, const struct roots_area *area) {
    const struct stopped *stopped = search->question->stopped;
    for (size_t i = 0; i < stopped->thread_count; i++) {
        uint64_t top = stack_top(search, &stopped->threads[i]);
        if (stopped->threads[i].tid == stopped->pid && top >= area->start && top < area->end)
            ranges_add(&search->cut, area->start, top);
    }
}

void roots_add_threads(struct roots_search *search) {
    const struct stopped *stopped = search->question->stopped;
    for (size_t i = 0; i < stopped->thread_count; i++) {
        add_registers(search, &stopped->threads[i]);
        add_stack_in_block(search, &stopped->threads[i]);
    }
    for (size_t i = 0; i < search->area_count; i++) {
        const struct roots_area *area = &search->areas[i];
        bool guarded = i > 0 && area[-1].end == area->start && !(area[-1].kernel->protection & PROT_READ);
        if (strcmp(area->kernel->path, "[stack]") == 0)
            cut_main_stack(search, area);
        else if (guarded && roots_is_plain(area))
            cut_thread_stack(search, area);
    }
}
