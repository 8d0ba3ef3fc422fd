// See process_threads.h. Called by examine.c. Knows, as verdict/roots_threads.c does, how glibc lays out a
// thread's stack: guard, stack, thread-local storage, and the control block that pthread_t is the address of,
// in the last page.
#include "analyzer/process_threads.h"
#include "analyzer/ledger/threads.h"
#include "analyzer/proc/smaps.h"
#include "analyzer/vector.h"
#include "analyzer/verdict/memory.h"

#include <sys/mman.h>

enum { PAGE_BYTES = 4096, CONTROL_SELF_AT = 16 };

struct search {
    pid_t pid;
    const struct stopped *stopped;
    struct smaps smaps;
    struct mappings *book;
    struct thread_held *held;
    size_t count, room;
};

static bool runs(const struct stopped *stopped, uint64_t thread) {
    for (size_t i = 0; i < stopped->thread_count; i++)
        if (stopped->threads[i].tls == thread)
            return true;
    return false;
}

static void list(void *context, const struct thread_held *held) {
    struct search *s = context;
    if (!runs(s->stopped, held->thread))
        *VECTOR_PUSH(s->held, s->count, s->room) = *held;
}

static bool all_are_known(const struct stopped *stopped) {
    for (size_t i = 0; i < stopped->thread_count; i++)
        if (!stopped->threads[i].tls || !stopped->threads[i].sp)
            return false;
    return stopped->thread_count > 0;
}

static bool is_in_use(const struct stopped *stopped, uint64_t start, uint64_t end) {
    for (size_t i = 0; i < stopped->thread_count; i++) {
        const struct stopped_thread *thread = &stopped->threads[i];
        if ((thread->sp >= start && thread->sp < end) || (thread->tls >= start && thread->tls < end))
            return true;
    }
    return false;
}

static bool is_control_block(pid_t pid, uint64_t thread) {
    uint64_t words[CONTROL_SELF_AT / 8 + 1];
    return thread % sizeof *words == 0 && memory_copy(pid, thread, words, sizeof words) == 0 &&
           words[0] == thread && words[CONTROL_SELF_AT / 8] == thread;
}

// Private memory of its own with a guard below it. What lies above may be something else's: the kernel joins
// neighbours.
static bool stack_of(const struct search *s, uint64_t thread, uint64_t *start, uint64_t *end) {
    size_t at = smaps_first_above(&s->smaps, thread);
    if (at == 0 || at == s->smaps.count)
        return false;
    const struct smaps_area *area = &s->smaps.areas[at], *guard = area - 1;
    bool is_plain = !area->shared && !area->inode && !area->path[0] && area->protection & PROT_WRITE;
    if (area->start > thread || !is_plain || guard->end != area->start || guard->protection & PROT_READ)
        return false;
    *start = area->start;
    *end = (thread | (PAGE_BYTES - 1)) + 1;
    return *end <= area->end;
}

static void enter(const struct search *s, const struct thread_held *held) {
    uint64_t start, end;
    if (!stack_of(s, held->thread, &start, &end) || !is_control_block(s->pid, held->thread) ||
        is_in_use(s->stopped, start, end) || mappings_touch(s->book, start, end))
        return;
    mappings_apply(s->book, &(struct wire_record){.kind = RECORD_MAPPED,
                                                  .call = held->call,
                                                  .stack = held->stack,
                                                  .address = start,
                                                  .bytes = end - start,
                                                  .flags = RECORD_MAP_READ | RECORD_MAP_WRITE});
}

void process_find_lost_stacks(struct process *process, const struct stopped *stopped) {
    struct search s = {
        .pid = process->shown_as, .stopped = stopped, .book = ledger_mappings(process->ledger)};
    ledger_settle(process->ledger);
    if (!all_are_known(stopped))
        return;
    threads_each_held(ledger_threads(process->ledger), list, &s);
    if (s.count && smaps_read(&s.smaps, process->shown_as) == 0) {
        for (size_t i = 0; i < s.count; i++)
            enter(&s, &s.held[i]);
        smaps_free(&s.smaps);
    }
    free(s.held);
}
